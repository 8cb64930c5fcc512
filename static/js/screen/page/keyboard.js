// @ts-check
/**
 * Keys that work anywhere on the page, and the dialog that lists them. People can switch them off (WCAG 2.1.4).
 * Must not know what the keys do.
 */

import {byId, recall, remember} from "../../dom.js";

const MEMORY = "keys";

/**
 * Bind keys to actions. "?" opens the help.
 * @param {Record<string, () => void>} actions
 */
export function bindKeys(actions) {
  const help = /** @type {HTMLDialogElement} */ (byId("help"));
  const isOn = /** @type {HTMLInputElement} */ (byId("keys-on"));
  isOn.checked = recall(MEMORY) !== "off";
  isOn.addEventListener("change", () => remember(MEMORY, isOn.checked ? null : "off"));
  byId("help-open").addEventListener("click", () => help.showModal());
  /** @type {Record<string, () => void>} */
  const all = {...actions, "?": () => help.showModal()};
  document.addEventListener("keydown", (event) => {
    const action = all[event.key];
    if (!action || !isOn.checked || help.open || isTyping(event)) return;
    event.preventDefault();
    action();
  });
}

/** @param {KeyboardEvent} event */
function isTyping(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  const target = /** @type {HTMLElement} */ (event.target);
  return target.matches("input, select, textarea") || target.isContentEditable;
}
