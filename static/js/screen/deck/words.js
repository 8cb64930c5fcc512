// @ts-check
/**
 * How the flight deck writes names and ages.
 * Pure. Must not know elements.
 */

const whole = new Intl.NumberFormat("en", {maximumFractionDigits: 0});
const fine = new Intl.NumberFormat("en", {maximumFractionDigits: 1});

/** Return a name of the wire as people write it: "PRE_OPEN" is "Pre-open". @param {string} name */
export function sentence(name) {
  return name.charAt(0).toUpperCase() + name.slice(1).toLowerCase().replaceAll("_", "-");
}

/** Return an age with the unit that fits. @param {number | null} ms */
export function ago(ms) {
  if (ms === null) return "–";
  if (ms < 1000) return `${whole.format(ms)} ms`;
  return ms < 90_000 ? `${fine.format(ms / 1000)} s` : `${whole.format(ms / 60_000)} min`;
}
