// @ts-check
/**
 * Says something at the top of the page, also on pages without toasts.
 * Must not know what it says.
 */

import {byId, write} from "../../dom.js";

/** @param {string} text */
export function tell(text) {
  const note = byId("page-note");
  write(note, text);
  note.hidden = false;
}
