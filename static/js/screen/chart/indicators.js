// @ts-check
/**
 * Lines that are calculated from bars. Each has a value for every bar, or null where there is none.
 * Pure.
 */

/** @typedef {import("../../wire/frames.js").Bar} Bar */

/**
 * Return the mean of the last `length` closes at each bar; null until there are so many.
 * @param {readonly Bar[]} bars
 * @param {number} length
 * @returns {(number | null)[]}
 */
export function movingAverage(bars, length) {
  let sum = 0;
  return bars.map(({c}, index) => {
    sum += c - (bars[index - length]?.c ?? 0);
    return index < length - 1 ? null : sum / length;
  });
}

/**
 * Return the average price of each day so far, weighted by volume. A bar counts with the mean of its high, low and
 * close. The first day has no values, because its beginning may be missing.
 * @param {readonly Bar[]} bars
 * @param {readonly number[]} days the number of each bar's day
 * @returns {(number | null)[]}
 */
export function volumeWeightedAverage(bars, days) {
  let day = NaN;
  let value = 0;
  let volume = 0;
  return bars.map(({h, l, c, v}, index) => {
    if (days[index] !== day) value = volume = 0;
    day = days[index] ?? NaN;
    value += (h + l + c) / 3 * v;
    volume += v;
    return day === days[0] || volume === 0 ? null : value / volume;
  });
}
