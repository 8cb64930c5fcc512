// @ts-check
/**
 * Sections of a list: titles between its symbols. A line of the list is a symbol, or a title behind a mark that no symbol has.
 * Pure. Must not know elements.
 */

/** @typedef {import("../../wire/checks.js").Section} Section */

const MARK = "###";

/** Return the title of a section if the line is one, else null. @param {string} line */
export function titleOf(line) {
  return line.startsWith(MARK) ? line.slice(MARK.length) : null;
}

/** Return the line of a title. @param {string} title */
export function lineOfTitle(title) {
  return MARK + title;
}

/**
 * Return the lines of a list, in order.
 * @param {readonly string[]} symbols
 * @param {readonly Section[]} sections in order; `at` says how many symbols stand before the title
 */
export function linesOf(symbols, sections) {
  /** @type {string[]} */
  const lines = [];
  let next = 0;
  const addTitles = (/** @type {number} */ before) => {
    for (; next < sections.length && (sections[next]?.at ?? 0) <= before; next += 1) lines.push(lineOfTitle(sections[next]?.name ?? ""));
  };
  symbols.forEach((symbol, before) => {
    addTitles(before);
    lines.push(symbol);
  });
  addTitles(Infinity);
  return lines;
}

/**
 * Return symbols and sections of the lines of a list.
 * @param {readonly string[]} lines
 * @returns {{symbols: string[], sections: Section[]}}
 */
export function partsOf(lines) {
  /** @type {string[]} */
  const symbols = [];
  /** @type {Section[]} */
  const sections = [];
  for (const line of lines) {
    const name = titleOf(line);
    if (name === null) symbols.push(line);
    else sections.push({at: symbols.length, name});
  }
  return {symbols, sections};
}

/**
 * Return the lines whose symbols are wanted, and the titles of sections that have some of these.
 * @param {readonly string[]} lines
 * @param {(symbol: string) => boolean} isWanted
 */
export function filtered(lines, isWanted) {
  const kept = lines.filter((line) => titleOf(line) !== null || isWanted(line));
  return kept.filter((line, place) => titleOf(line) === null || titleOf(kept[place + 1] ?? lineOfTitle("")) === null);
}

/**
 * Return where a section goes that is dropped on a line: how many other sections stand before it then. Null where it stays.
 * @param {readonly string[]} lines
 * @param {string} dragged the line of its title
 * @param {string} target the line it is dropped on
 * @param {boolean} isBelow whether it is dropped on the lower half of that line
 */
export function placeOfDrop(lines, dragged, target, isBelow) {
  const title = lines.slice(0, lines.indexOf(target) + 1).findLast((line) => titleOf(line) !== null);
  if (title === undefined) return 0;
  if (title === dragged) return null;
  const place = lines.filter((line) => titleOf(line) !== null && line !== dragged).indexOf(title);
  return title === target && !isBelow ? place : place + 1;
}
