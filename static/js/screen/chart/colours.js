// @ts-check
/**
 * The colours of the page for a canvas, which knows no CSS variables. They change with the theme and with the choice
 * of colours for up and down.
 */

const NAMES = Object.freeze([
  "up", "down", "accent", "amber", "muted", "line", "line-strong", "surface", "text", "text-soft", "chart-vwap", "chart-fast", "chart-slow",
]);

/** @typedef {Record<string, string>} Colours */

/**
 * Return the present colours by name: the variable `--up` is `up`.
 * @param {HTMLElement} element of the chart
 * @returns {Colours}
 */
export function coloursOf(element) {
  const probe = document.createElement("i");
  probe.hidden = true;
  element.append(probe);
  /** @type {Colours} */
  const found = {};
  for (const name of NAMES) {
    // A variable may refer to another one or to light-dark(). The browser computes that only for a real colour.
    probe.style.color = `var(--${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
}

/**
 * Return a colour that lets something through.
 * @param {string | undefined} colour as the browser writes it: "rgb(8, 120, 74)"
 * @param {number} opacity
 */
export function faint(colour, opacity) {
  return (colour ?? "rgb(128, 128, 128)").replace("rgb(", "rgba(").replace(")", `, ${opacity})`);
}

/** Call when the colours may have changed. @param {() => void} hear */
export function watchColours(hear) {
  const observer = new MutationObserver(hear);
  observer.observe(document.documentElement, {attributes: true, attributeFilter: ["class"]});
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
    matchMedia(query).addEventListener("change", hear);
  }
}
