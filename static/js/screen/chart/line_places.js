// @ts-check
/**
 * Where the handles of lines stand beside a chart, and which prices they may have.
 * Pure.
 */

/** Where a handle stands, in pixels below the top; `beyond`: its price is not in the picture, but above or below it. @typedef {{y: number, beyond: "" | "above" | "below"}} HandlePlace */

/** The first place at the upper edge leaves the legend free, the one at the lower edge is half a handle high. */
const TOP = 46;
const BOTTOM = 12;
/** Handles at the edge stand in a row one below the other. */
const STEP = 26;

/**
 * Return where handles stand. Those whose price is out of the picture stand at its edge, so nobody loses one.
 * @param {readonly (number | null)[]} ys where the prices are drawn; null is unknown
 * @param {number} height of the picture
 * @returns {(HandlePlace | null)[]}
 */
export function placesOf(ys, height) {
  let above = 0;
  let below = 0;
  return ys.map((y) => {
    if (y === null || height <= 0) return null;
    if (y < 0) return {y: TOP + STEP * above++, beyond: "above"};
    if (y > height) return {y: height - BOTTOM - STEP * below++, beyond: "below"};
    return {y, beyond: ""};
  });
}

/**
 * Return the nearest price that an instrument can have, as text: a multiple of its tick above 0.
 * @param {number} price
 * @param {{tick: number, digits: number}} facts
 */
export function onTick(price, {tick, digits}) {
  return (Math.max(1, Math.round(price / tick)) * tick).toFixed(digits);
}

/** Steps of one tick, or of about a hundredth of the price. @type {Record<string, {direction: number, isLarge: boolean}>} */
const KEYS = Object.freeze({
  ArrowUp: {direction: 1, isLarge: false}, ArrowRight: {direction: 1, isLarge: false}, PageUp: {direction: 1, isLarge: true},
  ArrowDown: {direction: -1, isLarge: false}, ArrowLeft: {direction: -1, isLarge: false}, PageDown: {direction: -1, isLarge: true},
});

/**
 * Return by how much a key moves a price; 0 for other keys.
 * @param {string} key
 * @param {number} price
 * @param {number} tick
 */
export function stepOf(key, price, tick) {
  const {direction = 0, isLarge = false} = KEYS[key] ?? {};
  return direction * (isLarge ? Math.max(1, Math.round(price / 100 / tick)) : 1) * tick;
}
