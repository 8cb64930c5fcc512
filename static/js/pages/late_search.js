// @ts-check
/** The box for symbols before its script is there: what is typed and sent early is searched when it comes. */

import {find} from "../dom.js";
import {loadLate} from "../late.js";

/** @typedef {ConstructorParameters<typeof import("../screen/watchlist/search.js").Search>[0]} SearchOptions */

/**
 * Return the box of a form.
 * @param {SearchOptions} options
 */
export function openSearch(options) {
  const input = /** @type {HTMLInputElement} */ (find(options.form, "input[name=symbol]"));
  /** @type {import("../screen/watchlist/search.js").Search | null} */
  let search = null;
  void load(options).then((loaded) => {
    search = loaded;
  });
  return {
    focus: () => {
      input.focus();
      input.select();
    },
    refresh: () => search?.refresh(),
    /** Show a text, and filter by it. @param {string} text */
    show: (text) => {
      input.value = text;
      options.onfilter(text);
    },
  };
}

/** @param {SearchOptions} options */
async function load(options) {
  let isSent = false;
  const hold = (/** @type {Event} */ event) => {
    event.preventDefault();
    isSent = true;
  };
  options.form.addEventListener("submit", hold);
  const {Search} = await loadLate(async () => await import("../screen/watchlist/search.js"));
  options.form.removeEventListener("submit", hold);
  const search = new Search(options);
  search.catchUp(isSent);
  return search;
}
