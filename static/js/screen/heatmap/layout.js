// @ts-check
/**
 * Divides an area among tiles so that each has its share, and all are nearly square.
 * Pure. The method: Bruls, Huizing and van Wijk, "Squarified Treemaps", Data Visualization 2000.
 */

/**
 * @typedef {{x: number, y: number, width: number, height: number}} Area
 */

/**
 * Return an area for each size, in their order. They fill the whole, and each has its share of it.
 * @param {readonly number[]} sizes greater than 0, the largest first
 * @param {Area} whole
 * @returns {Area[]}
 */
export function tilesOf(sizes, whole) {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const scale = (whole.width * whole.height) / total;
  const surfaces = sizes.map((size) => size * scale);
  /** @type {Area[]} */
  const areas = [];
  let rest = whole;
  while (areas.length < surfaces.length) {
    const side = Math.min(rest.width, rest.height);
    const row = bestRow(surfaces.slice(areas.length), side);
    const isLast = areas.length + row.length === surfaces.length;
    const placed = place(row, rest, isLast);
    areas.push(...placed.areas);
    rest = placed.rest;
  }
  return areas;
}

/** Return the first surfaces that make the best row along a side: one more would make the worst tile worse. @param {number[]} surfaces @param {number} side */
function bestRow(surfaces, side) {
  let count = 1;
  while (count < surfaces.length && worst(surfaces.slice(0, count + 1), side) <= worst(surfaces.slice(0, count), side)) count += 1;
  return surfaces.slice(0, count);
}

/** Return how far the worst tile of a row is from a square: 1 is a square. @param {number[]} row @param {number} side */
function worst(row, side) {
  const depth = sumOf(row) / side;
  return Math.max(...row.map((surface) => {
    const length = surface / depth;
    return Math.max(length / depth, depth / length);
  }));
}

/** Put a row along the shorter side. @param {number[]} row @param {Area} rest @param {boolean} isLast it takes all that is left */
function place(row, {x, y, width, height}, isLast) {
  const isUpright = width >= height;
  const side = isUpright ? height : width;
  const depth = isLast ? (isUpright ? width : height) : sumOf(row) / side;
  let at = 0;
  const areas = row.map((surface) => {
    const length = (surface / sumOf(row)) * side;
    const area = isUpright ? {x, y: y + at, width: depth, height: length} : {x: x + at, y, width: length, height: depth};
    at += length;
    return area;
  });
  const rest = isUpright ? {x: x + depth, y, width: width - depth, height} : {x, y: y + depth, width, height: height - depth};
  return {areas, rest};
}

/** @param {number[]} numbers */
function sumOf(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0);
}
