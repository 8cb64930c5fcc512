// @ts-check
/**
 * What every page has: the theme button and the menus.
 * Must not know the market or the network.
 * Called by base.html.
 */

import {bindMenus} from "./screen/menus.js";
import {bindPalette, bindTheme} from "./screen/theme.js";

const theme = document.getElementById("theme");
const palette = document.getElementById("palette");
if (theme) bindTheme(theme);
if (palette instanceof HTMLSelectElement) bindPalette(palette);
bindMenus();
