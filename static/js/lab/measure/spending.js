// @ts-check
/**
 * The CPU time that the server's process spent since the start, and how much of it the transports used.
 * Pure.
 */

/** Sums since the process `process` began, at the time `ts` (UTC ms). @typedef {{ts: number, process: string, process_cpu_s: number, transports: Spent}} CostSums */
/** @typedef {Record<string, {cpu_s: number, updates: number}>} Spent */

export class Spending {
  /** CPU seconds of the process, CPU seconds of the transports, and the time that they cover. */
  process_s = 0;
  owned_s = 0;
  span_ms = 0;
  /** @type {CostSums | null} */
  #before = null;

  /** Start counting at the next sums. */
  begin() {
    this.process_s = this.owned_s = this.span_ms = 0;
    this.#before = null;
  }

  /** Leave out what is spent until the next sums. */
  skip() {
    this.#before = null;
  }

  /**
   * Take new sums. Return what each transport spent since the last ones; nothing for the first sums of a process.
   * @param {CostSums} costs
   * @returns {Spent}
   */
  hear(costs) {
    const before = this.#before;
    this.#before = costs;
    if (before?.process !== costs.process) return {};
    this.process_s += costs.process_cpu_s - before.process_cpu_s;
    this.span_ms += costs.ts - before.ts;
    /** @type {Spent} */
    const spent = {};
    for (const [key, {cpu_s, updates}] of Object.entries(costs.transports)) {
      const earlier = before.transports[key] ?? {cpu_s: 0, updates: 0};
      spent[key] = {cpu_s: cpu_s - earlier.cpu_s, updates: updates - earlier.updates};
    }
    for (const {cpu_s} of Object.values(spent)) this.owned_s += cpu_s;
    return spent;
  }
}
