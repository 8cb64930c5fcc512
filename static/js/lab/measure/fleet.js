// @ts-check
/**
 * What many users would cost, if each cost as much as the user of this run.
 * Pure.
 */

/** @typedef {import("./figures.js").Figures} Figures */

/**
 * `cores`: CPU seconds of the server per second. `requests_per_s` and `mbit_per_s`: of all users together.
 * @typedef {{cores: number | null, requests_per_s: number | null, mbit_per_s: number | null}} FleetCost
 */

/**
 * Return what this many users would cost over one transport.
 *
 * cores = users x updates/s x server CPU per update; requests/s = users x requests/min / 60;
 * Mbit/s = users x (bytes received + sent)/s x 8 / 1,000,000.
 * @param {number} users
 * @param {Figures} figures of one user
 * @returns {FleetCost}
 */
export function fleetCost(users, figures) {
  const {updates_per_s, server_us_per_update, requests_per_min, received_per_s, sent_per_s} = figures;
  return {
    cores: product(users, updates_per_s, server_us_per_update, 1e-6),
    requests_per_s: product(users, requests_per_min, 1 / 60),
    mbit_per_s: product(users, sum(received_per_s, sent_per_s), 8e-6),
  };
}

/** @param {...(number | null)} factors */
function product(...factors) {
  return factors.reduce((all, factor) => (all === null || factor === null ? null : all * factor), 1);
}

/** @param {number | null} a @param {number | null} b */
function sum(a, b) {
  return a === null || b === null ? null : a + b;
}
