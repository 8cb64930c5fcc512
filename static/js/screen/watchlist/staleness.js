// @ts-check
/**
 * Which instruments have been silent for much longer than they usually are.
 * Pure: times arrive as arguments. Must not know why, or what is shown of it.
 */

/** When the last tick was (UTC ms), how long it usually takes to the next, and how many waits that was learned from. @typedef {{at_ms: number, usual_ms: number, waits: number}} Habit */

/** So many usual waits without a tick are much longer than usual. */
const FACTOR = 10;
/** Shorter silences are never noted: they would come and go. */
const LEAST_MS = 15_000;
/** Fewer waits say nothing of what is usual. */
const LEAST_WAITS = 3;
/** The weight of the newest wait. */
const WEIGHT = 1 / 8;

export class Staleness {
  /** @type {Map<string, Habit>} */
  #habits = new Map();

  /**
   * Hear when the last tick of a symbol was.
   * @param {string} symbol
   * @param {number | null} at_ms UTC ms; null before any tick
   * @param {boolean} [isNews] false for what was missed while away: the wait before it says nothing
   */
  hear(symbol, at_ms, isNews = true) {
    if (at_ms === null) return;
    const habit = this.#habits.get(symbol);
    if (!habit) {
      this.#habits.set(symbol, {at_ms, usual_ms: 0, waits: 0});
      return;
    }
    const wait_ms = at_ms - habit.at_ms;
    habit.at_ms = at_ms;
    if (!isNews || wait_ms <= 0) return;
    habit.waits += 1;
    // The first waits count alike.
    habit.usual_ms += (wait_ms - habit.usual_ms) * Math.max(WEIGHT, 1 / habit.waits);
  }

  /**
   * Forget symbols that are not listed any more.
   * @param {ReadonlySet<string>} kept
   */
  keep(kept) {
    for (const symbol of this.#habits.keys()) if (!kept.has(symbol)) this.#habits.delete(symbol);
  }

  /**
   * Return how old the last tick of a symbol is, in ms, if that is much longer than usual; else null.
   * @param {string} symbol
   * @param {number} now_ms UTC ms by the server's clock
   * @param {number} [delay_ms] by which this person sees the instrument later
   */
  ageOf(symbol, now_ms, delay_ms = 0) {
    const habit = this.#habits.get(symbol);
    if (!habit || habit.waits < LEAST_WAITS) return null;
    const age_ms = now_ms - delay_ms - habit.at_ms;
    return age_ms > Math.max(LEAST_MS, FACTOR * habit.usual_ms) ? age_ms : null;
  }
}
