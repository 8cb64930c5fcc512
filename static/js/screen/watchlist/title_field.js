// @ts-check
/**
 * The field in which the title of a section gets another name.
 * Must not know the table, or how a change is kept.
 */

import {make} from "../../dom.js";

/** The longest title, as the server takes it. */
const LENGTH = "40";

/**
 * Put a field in the place of a title. Enter, or leaving the field, takes the new name; Escape keeps the old one.
 * @param {HTMLElement} place the element with the title, which comes back
 * @param {string} title
 * @param {(name: string) => void} onrename
 */
export function openTitleField(place, title, onrename) {
  const field = /** @type {HTMLInputElement} */ (make("input", {"class": "section-field", "maxlength": LENGTH, "aria-label": "Name of the section", "value": title}));
  let isOpen = true;
  const close = (/** @type {boolean} */ isKept) => {
    if (!isOpen) return;
    isOpen = false;
    const name = field.value.trim();
    const hasFocus = field === document.activeElement;
    field.replaceWith(place);
    if (hasFocus) place.focus();
    if (isKept && name && name !== title) onrename(name);
  };
  field.addEventListener("keydown", (event) => {
    event.stopPropagation(); // its keys are no keys of the table
    if (event.key === "Enter" || event.key === "Escape") close(event.key === "Enter");
  });
  field.addEventListener("blur", () => close(true));
  place.replaceWith(field);
  field.select();
}
