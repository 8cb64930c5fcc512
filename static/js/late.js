// @ts-check
/**
 * Loads scripts that a page does not need for its first price. A line that breaks meanwhile comes back, so it tries again
 * until they are there. When the person has signed out, the page has nothing left that they could work on.
 * Must not know what is loaded.
 */

/** The least time from one try to the next, and the longest that this grows to. */
const AGAIN_MS = 2_000;
const LONGEST_MS = 32_000;

let isSignedOut = false;
addEventListener("signed-out", () => {
  isSignedOut = true;
});

/**
 * Return what `load` imports, as soon as that works; never when the person has signed out meanwhile.
 * @template T
 * @param {() => Promise<T>} load
 * @param {{onmended?: () => void, wait?: (wait_ms: number) => Promise<unknown>}} [options] `onmended`: it failed at first, and
 *   works now
 * @returns {Promise<T>}
 */
export async function loadLate(load, {onmended = () => {}, wait = pass} = {}) {
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

/** @param {number} wait_ms */
function pass(wait_ms) {
  return new Promise((resolve) => setTimeout(resolve, wait_ms));
}
