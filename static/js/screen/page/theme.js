// @ts-check
/**
 * How pages look: theme, contrast, the colours of up and down, how close lines stand, and the zone of times. Kept for the
 * person; for visitors in this browser alone.
 * Must not know the market. `theme-boot.js` sets the same classes before the first paint.
 */

import {keep, recall, remember, write} from "../../dom.js";

/** The first is the default. @typedef {readonly [string, ...string[]]} Choices */
/** @typedef {"theme" | "contrast" | "palette" | "density" | "zone"} Aspect */

/** @type {Readonly<Record<Aspect, Choices>>} */
export const ASPECTS = Object.freeze({
  theme: ["auto", "light", "dark"],
  contrast: ["auto", "high"],
  palette: ["western", "eastern", "blue-orange"],
  density: ["cosy", "compact"],
  zone: ["local", "exchange", "utc"],
});

/** Other choices that are kept for a person. */
const NOTICES = Object.freeze(["notices.desktop", "notices.sound"]);

/** What the system says. */
const wantsContrast = matchMedia("(prefers-contrast: more)");

/** The event that says that somebody chose another look. */
export const CHANGED = "look";

/**
 * Let a button switch to the next theme.
 * @param {HTMLElement} button
 */
export function bindTheme(button) {
  const show = () => {
    const theme = chosen("theme");
    button.dataset.theme = theme;
    button.title = `Theme: ${theme}`;
    const name = button.querySelector("[data-part=name]");
    if (name) write(name, `Theme: ${theme}`);
  };
  button.addEventListener("click", () => choose("theme", ASPECTS.theme[ASPECTS.theme.indexOf(chosen("theme")) + 1] ?? ASPECTS.theme[0]));
  addEventListener(CHANGED, show);
  show();
}

/**
 * Return what is chosen of an aspect; junk in the storage is the default.
 * @param {Aspect} aspect
 */
export function chosen(aspect) {
  const value = recall(aspect);
  return value !== null && ASPECTS[aspect].includes(value) ? value : ASPECTS[aspect][0];
}

/**
 * Choose a value of an aspect, and show it at once.
 * @param {Aspect} aspect
 * @param {string} value
 */
export function choose(aspect, value) {
  keep(aspect, value === ASPECTS[aspect][0] ? null : value);
  showChoice(aspect);
}

/**
 * Show what the person chose in another browser.
 * @param {Readonly<Record<string, unknown>>} kept what the server keeps, by name
 */
export function adopt(kept) {
  for (const name of [...Object.keys(ASPECTS), ...NOTICES]) {
    const value = kept[name];
    remember(name, typeof value === "string" ? value : null);
  }
  for (const aspect of /** @type {Aspect[]} */ (Object.keys(ASPECTS))) showChoice(aspect);
}

/** Follow what another tab of this browser chooses, and the contrast that the system wants. */
export function followChoices() {
  wantsContrast.addEventListener("change", () => showChoice("contrast"));
  addEventListener("storage", ({key}) => {
    const aspects = /** @type {Aspect[]} */ (Object.keys(ASPECTS));
    for (const aspect of aspects) if (key === `market.${aspect}`) showChoice(aspect);
  });
}

/** @param {Aspect} aspect */
function showChoice(aspect) {
  const value = chosen(aspect);
  const {classList} = document.documentElement;
  for (const each of ASPECTS[aspect]) classList.toggle(`${aspect}-${each}`, each === value);
  if (aspect === "contrast" && value === "auto") classList.toggle("contrast-high", wantsContrast.matches);
  dispatchEvent(new Event(CHANGED));
}
