// @ts-check
/**
 * What can be gone to or done from here: the links of the page's own menus, its actions, and the places that the
 * server names.
 * Must not know the network.
 */

/** @typedef {import("../page/keyboard.js").Action} Action */
/** @typedef {{name: string, url: string}} Link */
/** `instrument`: the address of an instrument, and `alert` of a new alert, with "~" for the symbol. @typedef {{pages: Link[], lists: Link[], instruments: {s: string, name: string}[], instrument: string, alert: string}} Places */
/** `detail`: said beside the label. @typedef {import("./ranking.js").Findable & {detail: string, run: () => void}} Command */

/** Return the pages that the menus of this page lead to. @returns {Command[]} */
export function pageCommands() {
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(".tabs a, #account a"));
  return [...links].map((link) => ({
    id: `page:${link.pathname}`, label: link.textContent.trim(), kind: "Page",
    words: `go open ${link.pathname.replaceAll("/", " ")}`, detail: "", run: () => go(link.href),
  }));
}

/** Return what can be done on this page. @param {readonly Action[]} actions @returns {Command[]} */
export function actionCommands(actions) {
  return actions.map(({key, label, run}) => ({id: `action:${label}`, label, kind: "Action", words: "", detail: key, run}));
}

/** Return the pages that no menu leads to, the lists, and the instruments with an alert on each. @param {Places} places @returns {Command[]} */
export function placeCommands({pages, lists, instruments, instrument, alert}) {
  return [
    ...pages.map(({name, url}) => ({id: `page:${url}`, label: name, kind: "Page", words: "go open", detail: "", run: () => go(url)})),
    ...lists.map(({name, url}) => ({id: `list:${url}`, label: name, kind: "List", words: "watchlist", detail: "", run: () => go(url)})),
    ...instruments.map(({s, name}) => ({id: `instrument:${s}`, label: s, kind: "Instrument", words: `${name} chart`, detail: name, run: () => go(withSymbol(instrument, s))})),
    ...instruments.map(({s, name}) => ({id: `alert:${s}`, label: `Make an alert on ${s}`, kind: "Alert", words: name, detail: "", run: () => go(withSymbol(alert, s))})),
  ];
}

/** @param {string} address @param {string} symbol */
function withSymbol(address, symbol) {
  return address.replace("~", encodeURIComponent(symbol));
}

/** @param {string} url */
function go(url) {
  location.assign(url);
}
