// @ts-check
/**
 * What a heat map shows of a list: its sectors, the largest first, and in each its instruments.
 * Pure.
 */

/** @typedef {import("../../wire/frames.js").Row} Row */
/**
 * `size`: the volume, or a little where nothing was traded. `change`: in percent, or null. `delay`: so many
 * minutes late this person gets the prices.
 * @typedef {{symbol: string, name: string, size: number, volume: number | null, change: number | null, delay: number}} Tile
 * @typedef {{name: string, size: number, change: number | null, tiles: Tile[]}} Sector
 */

/** The smallest tile, as a share of the whole: it must still be seen. */
const LEAST_SHARE = 0.002;
/** Instruments that say no sector. */
const OTHERS = "Other";
/** A change of this many percent has the strongest colour. */
const STRONGEST = 3;
/** Shades on each side. */
const SHADES = 4;

/**
 * Return the sectors of a list. Of very many instruments only those with the most volume are shown.
 * @param {readonly string[]} symbols
 * @param {{facts: (symbol: string) => {row?: Row | undefined, instrument?: {name: string, sector?: string, delay?: number} | undefined}, most: number}} options
 * @returns {Sector[]}
 */
export function sectorsOf(symbols, {facts, most}) {
  const known = symbols.map((symbol) => ({symbol, ...facts(symbol)})).filter(({instrument}) => instrument);
  const shown = known.sort((a, b) => (b.row?.v ?? 0) - (a.row?.v ?? 0) || (a.symbol < b.symbol ? -1 : 1)).slice(0, most);
  const total = shown.reduce((sum, {row}) => sum + (row?.v ?? 0), 0);
  const least = total > 0 ? total * LEAST_SHARE : 1;
  /** @type {Map<string, Tile[]>} */
  const groups = new Map();
  for (const {symbol, row, instrument} of shown) {
    const {sector = "", name = "", delay = 0} = instrument ?? {};
    const tile = {symbol, name, size: Math.max(row?.v ?? 0, least), volume: row?.v ?? null, change: percentOf(row), delay};
    const group = sector === "" ? OTHERS : sector;
    groups.set(group, [...(groups.get(group) ?? []), tile]);
  }
  const sectors = [...groups].map(([name, tiles]) => ({name, tiles, size: sizeOf(tiles), change: meanOf(tiles)}));
  return sectors.sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1));
}

/**
 * Return the shade of a change: from -4, a strong fall, to 4. What is shown as 0.00% has none.
 * @param {number | null} change in percent
 */
export function shadeOf(change) {
  if (change === null || Math.abs(change) < 0.005) return 0;
  return Math.sign(change) * Math.min(SHADES, Math.ceil((Math.abs(change) / STRONGEST) * SHADES));
}

/** @param {Row | undefined} row */
function percentOf(row) {
  return row?.p !== undefined && row.p !== null && row.pc ? (100 * (row.p - row.pc)) / row.pc : null;
}

/** @param {Tile[]} tiles */
function sizeOf(tiles) {
  return tiles.reduce((sum, {size}) => sum + size, 0);
}

/** Return the change of a sector: the mean of its instruments, by size. @param {Tile[]} tiles */
function meanOf(tiles) {
  const known = tiles.filter(({change}) => change !== null);
  return known.length ? known.reduce((sum, {change, size}) => sum + (change ?? 0) * size, 0) / sizeOf(known) : null;
}
