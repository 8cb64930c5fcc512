// @ts-check
/**
 * Which lines of a long list have elements: those in view, some beside them, and those that are pinned.
 * Pure: numbers in, numbers out. Must not know elements.
 */

/** Lines from `first` to before `end`. @typedef {{first: number, end: number}} Span */
/** A run of lines that have elements, or of lines in whose place there is empty space. @typedef {Span & {isEmpty: boolean}} Run */

/**
 * Return the lines that are in view, and `spare` more on both sides.
 * @param {{count: number, height: number, above: number, view: number, spare: number}} facts `height` of a line, `above`: how
 *   much of the list lies above the view (negative: the list begins below its top), `view`: the height of the view; in px
 * @returns {Span}
 */
export function spanOf({count, height, above, view, spare}) {
  if (!(height > 0)) return {first: 0, end: Math.min(count, 2 * spare)};
  const first = Math.floor(above / height) - spare;
  const end = Math.ceil((above + view) / height) + spare;
  return {first: within(first, count), end: within(end, count)};
}

/**
 * Say whether one span holds another whole.
 * @param {Span} span
 * @param {Span} other
 */
export function holds(span, other) {
  return span.first <= other.first && other.end <= span.end;
}

/**
 * Return the list as runs, in order: the lines of the span and the pinned ones have elements, the others have none.
 * @param {number} count
 * @param {Span} span
 * @param {Iterable<number>} [pinned]
 * @returns {Run[]}
 */
export function runsOf(count, span, pinned = []) {
  const lone = [...pinned].filter((index) => index >= 0 && index < count).map((index) => ({first: index, end: index + 1}));
  const parts = [span, ...lone].sort((a, b) => a.first - b.first);
  /** @type {Run[]} */
  const runs = [];
  let at = 0;
  for (const {first, end} of parts) {
    if (first > at) runs.push({first: at, end: first, isEmpty: true});
    const begin = Math.max(first, at);
    if (end > begin) runs.push({first: begin, end, isEmpty: false});
    at = Math.max(at, end);
  }
  if (at < count) runs.push({first: at, end: count, isEmpty: true});
  return runs;
}

/** @param {number} index @param {number} count */
function within(index, count) {
  return Math.min(Math.max(index, 0), count);
}
