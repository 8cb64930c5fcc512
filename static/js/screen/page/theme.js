// @ts-check
/**
 * The theme (light, dark, or as the system says) and the colours of up and down.
 * Must not know the market. `theme-boot.js` sets the same classes before the first paint.
 */

import {recall, remember, write} from "../../dom.js";

/** The first is the default. @typedef {readonly [string, ...string[]]} Choices */

/** @type {Choices} */
const THEMES = Object.freeze(["auto", "light", "dark"]);
/** @type {Choices} */
const PALETTES = Object.freeze(["western", "eastern", "blue-orange"]);

/**
 * Let a button switch to the next theme.
 * @param {HTMLElement} button
 */
export function bindTheme(button) {
  const show = () => {
    const theme = chosen("theme", THEMES);
    button.dataset.theme = theme;
    button.title = `Theme: ${theme}`;
    const name = button.querySelector("[data-part=name]");
    if (name) write(name, `Theme: ${theme}`);
  };
  button.addEventListener("click", () => {
    const next = THEMES[THEMES.indexOf(chosen("theme", THEMES)) + 1] ?? THEMES[0];
    choose("theme", next, THEMES);
    show();
  });
  button.hidden = false;
  show();
}

/**
 * Let a select choose the colours of up and down.
 * @param {HTMLSelectElement} select
 */
export function bindPalette(select) {
  select.value = chosen("palette", PALETTES);
  select.addEventListener("change", () => choose("palette", select.value, PALETTES));
}

/** @param {string} name @param {Choices} values */
function chosen(name, values) {
  const value = recall(name);
  return value !== null && values.includes(value) ? value : values[0];
}

/** @param {string} name @param {string} value @param {Choices} values */
function choose(name, value, values) {
  remember(name, value === values[0] ? null : value);
  const {classList} = document.documentElement;
  for (const each of values) classList.toggle(`${name}-${each}`, each === value);
}
