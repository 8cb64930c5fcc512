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
import {CHANNEL, CLOSE_TEXT, METHOD, encodeCommand, mayRetry} from "../wire/frames.js";

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
    const answer = await get(address, {fetch: globalThis.fetch.bind(globalThis), accept: "application/json", signal});
    panel.showEntries((await answer.json()).entries);
  } catch {
    return;
  }
}

socket.onopen = () => {
  socket.send(encodeCommand({method: METHOD.SUBSCRIBE, params: {channel: CHANNEL.DECK}, id: 1}));
};
/** @param {string} text */
socket.ontext = (text) => {
  const frame = JSON.parse(text);
  if (frame.success === false) show("closed", `Refused: ${frame.error.message}`);
  if (frame.channel !== CHANNEL.DECK) return;
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
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter;
    if (button instanceof HTMLButtonElement) button.disabled = true;
    const address = button?.getAttribute("formaction") ?? form.action;
    const fields = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
    panel.answer(form, await new Poster(fields.csrfmiddlewaretoken).post(address, fields));
    await look();
    if (button instanceof HTMLButtonElement) button.disabled = false;
  });
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
