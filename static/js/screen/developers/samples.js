// @ts-check
/**
 * Buttons that copy the sample beside them.
 * Must not know what is copied.
 */

import {find, write} from "../../dom.js";

/** How long a button says what it did. */
const SAID_MS = 1_500;

/**
 * Bind every copy button inside.
 * @param {ParentNode} parent
 */
export function bindCopies(parent) {
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (parent.querySelectorAll("[data-copy]"))) {
    button.addEventListener("click", () => void copy(button));
  }
}

/**
 * Return the text of the sample that a button belongs to.
 * @param {HTMLElement} button
 */
export function sampleOf(button) {
  const sample = /** @type {HTMLElement} */ (button.closest(".sample"));
  return find(sample, "code");
}

/** @param {HTMLElement} button */
async function copy(button) {
  const code = sampleOf(button);
  try {
    await navigator.clipboard.writeText(code.textContent);
    say(button, "Copied");
  } catch {
    select(code);
    say(button, "Selected");
  }
}

/** Select the text, ready to be copied: over plain HTTP there is no clipboard. @param {HTMLElement} code */
function select(code) {
  getSelection()?.selectAllChildren(code);
}

/** @param {HTMLElement} button @param {string} word */
function say(button, word) {
  write(button, word);
  setTimeout(() => write(button, "Copy"), SAID_MS);
}
