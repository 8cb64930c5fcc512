// @ts-check
/**
 * Binds what every page has: the theme button and the menus.
 * Must not know the market or the network.
 */

import {bindMenus} from "../screen/page/menus.js";
import {bindPalette, bindTheme} from "../screen/page/theme.js";

const theme = document.getElementById("theme");
const palette = document.getElementById("palette");
if (theme) bindTheme(theme);
if (palette instanceof HTMLSelectElement) bindPalette(palette);
bindMenus();
