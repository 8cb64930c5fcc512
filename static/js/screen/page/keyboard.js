// @ts-check
/**
 * What people can do on this page, and the keys for it. Single keys work anywhere but where somebody types, and people
 * can switch them off (WCAG 2.1.4).
 * Must not know what the actions do.
 */

import {recall, remember} from "../../dom.js";

/** Something that can be done here; `key` is "" for what has none. @typedef {{key: string, label: string, run: () => void}} Action */

const MEMORY = "keys";
/** @type {Action[]} */
const ACTIONS = [];

/** Offer what this page can do, by its keys and by name. @param {readonly Action[]} actions */
export function offerActions(actions) {
  ACTIONS.push(...actions);
}

/** Return what this page can do. @returns {readonly Action[]} */
export function offeredActions() {
  return ACTIONS;
}

/** Say whether single keys do something. */
export function areKeysOn() {
  return recall(MEMORY) !== "off";
}

/** Switch single keys on or off. @param {boolean} isOn */
export function switchKeys(isOn) {
  remember(MEMORY, isOn ? null : "off");
}

/**
 * Listen to keys. Ctrl+K (or Cmd+K) opens the commands, also while somebody types.
 * @param {{oncommands: () => void}} options
 */
export function bindKeys({oncommands}) {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const run = isForCommands(event) ? oncommands : actionOf(event);
    if (!run) return;
    event.preventDefault();
    run();
  });
}

/** @param {KeyboardEvent} event */
function isForCommands({key, ctrlKey, metaKey, altKey, shiftKey}) {
  return ctrlKey !== metaKey && !altKey && !shiftKey && key.toLowerCase() === "k";
}

/** @param {KeyboardEvent} event */
function actionOf(event) {
  if (!areKeysOn() || isTyping(event)) return undefined;
  return ACTIONS.find(({key}) => key !== "" && key === event.key)?.run;
}

/** @param {KeyboardEvent} event */
function isTyping(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  const {target} = event;
  // A dialog that has just closed has the keyboard until the browser's next task, and nobody types in it.
  if (!(target instanceof HTMLElement && target.checkVisibility())) return false;
  return target.matches("input, select, textarea") || target.isContentEditable;
}
