// @ts-check
/**
 * The lists that the market makes: all of it, a sector, and the movers. Twin of dashboard/pages/shown_lists.py.
 * Pure: from the board to symbols.
 */

/** @typedef {import("../wire/frames.js").Row} Row */
/** @typedef {import("../wire/frames.js").Instrument} Instrument */
/** @typedef {{rows: ReadonlyMap<string, Row>, instruments: ReadonlyMap<string, Instrument>}} BoardLike */

/** The most symbols on a list of movers. */
const MOVERS = 30;
const SECTOR_MARK = "sector:";

/** @type {Record<string, (row: Row) => number>} */
const VALUES = {
  gainers: changeOf,
  losers: (row) => -changeOf(row),
  active: (row) => row.v ?? 0,
};

/** Say whether the market makes the list with this key. @param {string} key */
export function isMarketList(key) {
  return key === "all" || Object.hasOwn(VALUES, key) || key.startsWith(SECTOR_MARK);
}

/** Say whether prices change which symbols are on the list. @param {string} key */
export function isMovers(key) {
  return Object.hasOwn(VALUES, key);
}

/**
 * Return the symbols of a list of the market, in its order.
 * @param {string} key
 * @param {BoardLike} board
 * @returns {string[]}
 */
export function marketSymbols(key, {rows, instruments}) {
  const value = VALUES[key];
  if (value) return highest(rows, value);
  const sector = key.startsWith(SECTOR_MARK) ? key.slice(SECTOR_MARK.length) : null;
  const found = [...instruments.values()].filter((each) => sector === null || (sector !== "" && each.sector === sector));
  return found.map(({s}) => s).sort();
}

/** Return the symbols with the highest values above 0; of equal ones the first by name. @param {ReadonlyMap<string, Row>} rows @param {(row: Row) => number} value */
function highest(rows, value) {
  const valued = [...rows].map(([symbol, row]) => ({symbol, at: value(row)})).filter(({at}) => at > 0);
  valued.sort((a, b) => b.at - a.at || (a.symbol < b.symbol ? -1 : 1));
  return valued.slice(0, MOVERS).map(({symbol}) => symbol);
}

/** Return the change from the previous close as a share of it; 0 without one. @param {Row} row */
function changeOf({p, pc}) {
  return p === null || !pc ? 0 : (p - pc) / pc;
}
