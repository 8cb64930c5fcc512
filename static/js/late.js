// @ts-check
/**
 * Loads scripts that a page does not need for its first prices, and loads them when these have come and changed once: before,
 * they would delay them. A line that breaks meanwhile comes back, so it tries again until they are there. When the person has
 * signed out, the page has nothing left that they could work on.
 * Must not know what is loaded.
 */

/** The least time from one try to the next, and the longest that this grows to. */
const AGAIN_MS = 2_000;
const LONGEST_MS = 32_000;

/** A page whose first prices do not come loads its scripts after this time. */
const PATIENCE_MS = 1_500;
/** Somebody who uses the page may need what is not loaded yet. */
const USES = Object.freeze(["pointerdown", "keydown", "click", "focusin"]);

let begin = () => {};
/** What is loaded late waits for this. @type {Promise<void>} */
const turn = new Promise((resolve) => {
  begin = resolve;
});
for (const kind of USES) addEventListener(kind, begin, {once: true, capture: true});
setTimeout(begin, PATIENCE_MS);

let isSignedOut = false;
addEventListener("signed-out", () => {
  isSignedOut = true;
});

/**
 * Return what `load` imports, as soon as that works; never when the person has signed out meanwhile.
 * @template T
 * @param {() => Promise<T>} load
 * @param {{onmended?: () => void, wait?: (wait_ms: number) => Promise<unknown>, isUrgent?: boolean}} [options] `onmended`: it
 *   failed at first, and works now. `isUrgent`: it is loaded before the first prices
 * @returns {Promise<T>}
 */
export async function loadLate(load, {onmended = () => {}, wait = pass, isUrgent = false} = {}) {
  if (!isUrgent) await turn;
  for (let failures = 0; ; failures += 1) {
    try {
      const loaded = await load();
      if (isSignedOut) return await new Promise(() => {});
      if (failures) onmended();
      return loaded;
    } catch {
      await wait(Math.min(LONGEST_MS, AGAIN_MS * 2 ** failures) * (1 + Math.random()));
    }
  }
}

/** Load what waits for the first prices: these and their first changes are painted, or the page has none. */
export function loadNow() {
  begin();
}

/** @param {number} wait_ms */
function pass(wait_ms) {
  return new Promise((resolve) => setTimeout(resolve, wait_ms));
}
