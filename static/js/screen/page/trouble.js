// @ts-check
/**
 * Tells staff what is wrong with the database, as long as something is. Other people have no such place on their page.
 * Must not know how that is found out.
 */

import {hide, write} from "../../dom.js";

/** @param {string} text what is wrong; empty while all is well */
export function showTrouble(text) {
  const banner = document.getElementById("database-trouble");
  if (!banner) return;
  write(banner, text);
  hide(banner, text === "");
}
