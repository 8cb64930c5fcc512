// @ts-check
/**
 * Puts the flight deck together: live figures of the market, and forms that are sent without leaving the page.
 * Must hold no logic that another room could have.
 */

import {backoff} from "../connection/backoff.js";
import {byId, find, write} from "../dom.js";
import {DeckPanel} from "../screen/deck/panel.js";
import {socketUrl} from "../screen/page/settings.js";
import {get} from "../transports/http.js";
import {Poster} from "../transports/post.js";
import {RawSocket} from "../transports/raw_socket.js";
import {isListOf, isNumber, isObject, isText} from "../wire/checks.js";
import {CHANNEL, CLOSE_TEXT, METHOD, encodeCommand, mayRetry, parseFrame} from "../wire/frames.js";

/** The log of actions is read again this often, for what others did; after an action here, at once. */
const LOOK_MS = 10_000;
const page = byId("deck");
const panel = new DeckPanel(page);
const socket = new RawSocket(socketUrl(page.dataset.socket ?? ""));
let attempt = 0;

/** @param {"open" | "opening" | "closed"} name @param {string} text */
function show(name, text) {
  page.dataset.state = name;
  write(find(page, "[data-part=state]"), text);
}

/** Read and show the log of actions. When that fails, the next time will do. */
async function look() {
  const address = document.getElementById("entries")?.dataset.address;
  if (!address || document.hidden) return;
  const signal = AbortSignal.timeout(LOOK_MS);
  try {
    const response = await get(address, {fetch: globalThis.fetch.bind(globalThis), accept: "application/json", signal});
    const answer = await response.json();
    if (isObject(answer) && isListOf(answer.entries, isAuditEntry)) panel.showEntries(answer.entries);
    if (isObject(answer) && isText(answer.trouble)) showTrouble(answer.trouble);
  } catch {
    // the next time will do
  }
}

/** Show what is wrong with the database, as long as something is. @param {string} text */
function showTrouble(text) {
  const banner = byId("database-trouble");
  write(banner, text);
  banner.hidden = text === "";
}

/** @param {unknown} entry @returns {entry is import("../screen/deck/panel.js").AuditEntry} */
function isAuditEntry(entry) {
  return isObject(entry) && isListOf(entry.texts, isText) && isText(entry.undo);
}

/** @param {unknown} frame @returns {frame is import("../screen/deck/panel.js").DeckFrame} */
function isDeckFrame(frame) {
  if (!isObject(frame) || frame.channel !== CHANNEL.DECK) return false;
  return Array.isArray(frame.feeds) && isObject(frame.process) && isNumber(frame.connections);
}

socket.onopen = () => {
  socket.send(encodeCommand({method: METHOD.SUBSCRIBE, params: {channel: CHANNEL.DECK}, id: 1}));
};
/** @param {string} text */
socket.ontext = (text) => {
  const answer = parseFrame(text);
  if (answer?.type === "answer" && !answer.success) show("closed", `Refused: ${answer.error?.message ?? ""}`);
  /** @type {unknown} */
  const frame = JSON.parse(text);
  if (!isDeckFrame(frame)) return;
  attempt = 0;
  show("open", "Live");
  panel.show(frame);
};
/** @param {number} code */
socket.onclose = (code) => {
  const why = CLOSE_TEXT[code]?.[0] ?? "the connection was lost";
  if (!mayRetry(code)) {
    show("closed", `Ended: ${why}. Reload the page to come back.`);
    return;
  }
  show("closed", `Not live: ${why}. Trying again.`);
  setTimeout(() => socket.open(), backoff(attempt, Math.random()));
  attempt += 1;
};

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (page.querySelectorAll("form[data-part=form]"))) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit(form, event.submitter);
  });
}

/** Send a form without leaving the page; its button waits for the answer. @param {HTMLFormElement} form @param {HTMLElement | null} button */
async function submit(form, button) {
  if (button instanceof HTMLButtonElement) button.disabled = true;
  const address = button?.getAttribute("formaction") ?? form.action;
  const fields = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
  panel.answer(form, await new Poster(fields.csrfmiddlewaretoken ?? "").post(address, fields));
  await look();
  if (button instanceof HTMLButtonElement) button.disabled = false;
}
/**
 * Fill the hidden fields of a form. They are empty except while it is sent, so that a key pressed in the form ends no
 * connection.
 * @param {HTMLFormElement} form
 * @param {Record<string, string>} fields
 */
function fill(form, fields) {
  for (const [field, value] of Object.entries(fields)) {
    /** @type {HTMLInputElement} */ (find(form, `[name=${field}]`)).value = value;
  }
}

/** @param {string} user @param {string} connection */
panel.ondisconnect = (user, connection) => {
  const form = /** @type {HTMLFormElement} */ (byId("disconnect"));
  fill(form, {user, connection});
  form.requestSubmit();
  fill(form, {user: "", connection: ""});
};
setInterval(look, LOOK_MS);
socket.open();
