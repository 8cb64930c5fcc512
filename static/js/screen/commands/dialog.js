// @ts-check
/**
 * Opens a dialog so that the keyboard stays in it, and goes back to where it was when the dialog closes.
 * Must not know what the dialog shows.
 */

import {icon, make} from "../../dom.js";

const REACHABLE = "button, input, select, textarea, a[href], [tabindex='0']";

/**
 * Return a dialog with a title and a button that closes it.
 * @param {{id: string, title: string}} options
 * @param {...HTMLElement} parts
 * @returns {HTMLDialogElement}
 */
export function titledDialog({id, title}, ...parts) {
  const close = make("button", {"class": "icon-button", "aria-label": "Close"}, icon("close"));
  const head = make("form", {method: "dialog", "class": "dialog-head"}, make("h2", {id: `${id}-title`}, title), close);
  const dialog = make("dialog", {id, "class": "dialog", "aria-labelledby": `${id}-title`}, head, ...parts);
  return /** @type {HTMLDialogElement} */ (dialog);
}

/**
 * Show a dialog above the page, and take it away when it is closed.
 * @param {HTMLDialogElement} dialog
 */
export function openDialog(dialog) {
  const before = document.activeElement;
  document.body.append(dialog);
  dialog.addEventListener("keydown", (event) => keepInside(dialog, event));
  // The dialog itself is hit only where nothing in it is: on its edge, or beside it.
  dialog.addEventListener("click", (event) => event.target === dialog && isBeside(dialog, event) && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    placeOf(before).focus({preventScroll: true});
  });
  dialog.showModal();
}

/** Let Tab go round in the dialog. @param {HTMLElement} dialog @param {KeyboardEvent} event */
function keepInside(dialog, event) {
  if (event.key !== "Tab") return;
  const reachable = [.../** @type {NodeListOf<HTMLElement>} */ (dialog.querySelectorAll(REACHABLE))].filter((each) => each.tabIndex >= 0);
  const [from, to] = event.shiftKey ? [reachable[0], reachable.at(-1)] : [reachable.at(-1), reachable[0]];
  if (document.activeElement !== from) return;
  event.preventDefault();
  to?.focus();
}

/** @param {HTMLElement} dialog @param {MouseEvent} event */
function isBeside(dialog, {clientX, clientY}) {
  const {left, right, top, bottom} = dialog.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}

/**
 * Return what the keyboard goes back to: what it was on, else the menu that this was in, else the content of the page.
 * @param {Element | null} before
 * @returns {HTMLElement}
 */
function placeOf(before) {
  const candidates = [before, before?.closest("details")?.querySelector("summary"), document.querySelector("main")];
  const seen = candidates.find((each) => each instanceof HTMLElement && each !== document.body && each.checkVisibility());
  return seen instanceof HTMLElement ? seen : document.body;
}
