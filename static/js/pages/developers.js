// @ts-check
/**
 * Puts the protocol reference together: samples to copy, and a console with a socket of its own.
 * Must hold no logic that another room could have.
 */

import {byId, find, write} from "../dom.js";
import {Console} from "../screen/developers/console.js";
import {bindCopies, sampleOf} from "../screen/developers/samples.js";
import {socketUrl} from "../screen/page/settings.js";
import {RawSocket} from "../transports/raw_socket.js";
import {CLOSE_TEXT} from "../wire/frames.js";

const panel = byId("console");
const log = new Console(panel);
const socket = new RawSocket(socketUrl(panel.dataset.socket ?? ""));
const connect = find(panel, "[data-part=connect]");
const state = find(panel, "[data-part=state]");
const send = /** @type {HTMLButtonElement} */ (find(panel, "[data-part=send]"));
const command = /** @type {HTMLTextAreaElement} */ (find(panel, "[data-part=command]"));
const examples = /** @type {HTMLSelectElement} */ (find(panel, "[data-part=examples]"));
const form = /** @type {HTMLFormElement} */ (find(panel, "[data-part=form]"));

/** @param {"idle" | "opening" | "open" | "closed"} name @param {string} text */
function show(name, text) {
  panel.dataset.state = name;
  write(state, text);
  send.disabled = name !== "open";
  write(connect, name === "open" || name === "opening" ? "Disconnect" : "Connect");
}

/** @param {number} code */
function ending(code) {
  if (code === 1000) return "Disconnected";
  const known = CLOSE_TEXT[code];
  return known ? `Closed with ${code}: ${known[0]}` : `Closed with ${code}`;
}

socket.onopen = () => show("open", "Connected");
/** @param {string} text */
socket.ontext = (text) => log.add("received", text);
/** @param {number} code */
socket.onclose = (code) => {
  show(code === 1000 ? "idle" : "closed", ending(code));
  log.add("note", ending(code));
};

connect.addEventListener("click", () => {
  if (panel.dataset.state === "open" || panel.dataset.state === "opening") {
    socket.close();
    return;
  }
  show("opening", "Connecting");
  socket.open();
});
examples.addEventListener("change", () => {
  command.value = examples.value;
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (socket.send(command.value)) log.add("sent", command.value);
});
command.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-try]"))) {
  button.addEventListener("click", () => {
    command.value = sampleOf(button).textContent;
    panel.scrollIntoView();
    (socket.isOpen ? send : connect).focus();
  });
}
/** Unfold the schema that a link leads to. */
function unfoldTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
}

command.value = examples.value;
bindCopies(document);
addEventListener("hashchange", unfoldTarget);
unfoldTarget();
