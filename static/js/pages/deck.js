// @ts-check
/**
 * Puts the flight deck together: live figures of the market, and forms that are sent without leaving the page.
 * Must hold no logic that another room could have.
 */

import {readChannel} from "../connection/channel_reader.js";
import {byId, find, write} from "../dom.js";
import {DeckPanel} from "../screen/deck/panel.js";
import {showSignedOut} from "../screen/page/signed_out.js";
import {socketUrl} from "../screen/page/settings.js";
import {showTrouble} from "../screen/page/trouble.js";
import {get} from "../transports/http.js";
import {Poster} from "../requests/post.js";
import {isDeckFrame, isListOf, isObject, isText} from "../wire/checks.js";
import {CHANNEL} from "../wire/frames.js";

/** The log of actions is read again this often, for what others did; after an action here, at once. */
const LOOK_MS = 10_000;
const page = byId("deck");
const panel = new DeckPanel(page);

/** @param {"open" | "closed"} name @param {string} text */
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

/** @param {unknown} entry @returns {entry is import("../screen/deck/panel.js").AuditEntry} */
function isAuditEntry(entry) {
  return isObject(entry) && isListOf(entry.texts, isText) && isText(entry.undo);
}

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (page.querySelectorAll("form[data-part=form]"))) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit(form, event.submitter);
  });
}

/** Send a form without leaving the page; its button waits for the answer. @param {HTMLFormElement} form @param {HTMLElement | null} button */
async function submit(form, button) {
  // A button that is disabled would lose the keyboard.
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const address = button?.getAttribute("formaction") ?? form.action;
  const fields = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
  panel.answer(form, await new Poster(fields.csrfmiddlewaretoken ?? "").post(address, fields), address);
  form.ariaBusy = "false";
  await look();
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
readChannel(socketUrl(page.dataset.socket ?? ""), {
  channel: CHANNEL.DECK, isFrame: isDeckFrame, onframe: (frame) => panel.show(frame), onstate: show, onsignedout: showSignedOut,
});
