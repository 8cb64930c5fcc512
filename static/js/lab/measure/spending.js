// @ts-check
/**
 * What the server's process spent between two looks at its sums, and how much of it has an owner.
 * Pure.
 */

/** Sums since a process began, at the time `ts`. @typedef {{ts: number, process: string, process_cpu_s: number, transports: Spent}} CostSums */
/** @typedef {Record<string, {cpu_s: number, updates: number}>} Spent */

export class Spending {
  /** CPU seconds of the process since the start, those of the transports, and the time they took. */
  process_s = 0;
  owned_s = 0;
  span_ms = 0;
  /** @type {CostSums | null} */
  #before = null;

  /** Begin at what comes next. */
  begin() {
    this.process_s = this.owned_s = this.span_ms = 0;
    this.#before = null;
  }

  /** Leave out what comes until the next look. */
  skip() {
    this.#before = null;
  }

  /**
   * Return what each transport spent since the last look; nothing for the first look at a process.
   * @param {CostSums} costs
   * @returns {Spent}
   */
  hear(costs) {
    const before = this.#before;
    this.#before = costs;
    if (before === null || before.process !== costs.process) return {};
    this.process_s += costs.process_cpu_s - before.process_cpu_s;
    this.span_ms += costs.ts - before.ts;
    const spent = Object.entries(costs.transports).map(([key, {cpu_s, updates}]) => {
      const earlier = before.transports[key] ?? {cpu_s: 0, updates: 0};
      return [key, {cpu_s: cpu_s - earlier.cpu_s, updates: updates - earlier.updates}];
    });
    for (const [, share] of spent) this.owned_s += /** @type {{cpu_s: number}} */ (share).cpu_s;
    return Object.fromEntries(spent);
  }
}
