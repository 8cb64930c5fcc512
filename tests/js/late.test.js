import {loadLate} from "/static/js/late.js";
import {equal, ok, test} from "./harness.js";

/** Return a load that fails so often, and notes of what happened. @param {number} failures */
function failing(failures) {
  /** @type {number[]} */
  const waits = [];
  let tries = 0;
  return {
    waits,
    load: async () => {
      tries += 1;
      if (tries <= failures) throw new TypeError("the line broke");
      return `loaded at try ${tries}`;
    },
    wait: async (/** @type {number} */ wait_ms) => waits.push(wait_ms),
  };
}

test("what can be loaded is loaded at once, and nothing was mended", async () => {
  const {load, wait, waits} = failing(0);
  equal(await loadLate(load, {wait, onmended: () => waits.push(-1)}), "loaded at try 1");
  equal(waits, []);
});

test("a load that fails is tried again until it works, and the page hears of that once", async () => {
  const {load, wait, waits} = failing(7);
  let mended = 0;
  equal(await loadLate(load, {wait, onmended: () => (mended += 1)}), "loaded at try 8");
  equal(mended, 1);
  equal(waits.length, 7);
});

test("the pause grows to a bound, and is not the same for all pages", async () => {
  const {load, wait, waits} = failing(12);
  await loadLate(load, {wait});
  ok(waits.every((wait_ms) => wait_ms >= 2_000 && wait_ms <= 64_000), `waits ${waits.join(" ")}`);
  ok((waits[11] ?? 0) >= 32_000, `the last is ${waits[11]}`);
  ok(new Set(waits).size === waits.length, "two waits are equal");
});

test("nothing comes late to a page whose person has signed out meanwhile", async () => {
  // A module of its own, as it stays signed out.
  const {loadLate: ofPage} = await import("/static/js/late.js?signed-out");
  let come = 0;
  const count = async () => ofPage(async () => "loaded", {onmended: () => (come += 1)}).then(() => (come += 1));
  await count();
  equal(come, 1);
  dispatchEvent(new Event("signed-out"));
  void count();
  await new Promise((resolve) => setTimeout(resolve));
  equal(come, 1);
});
