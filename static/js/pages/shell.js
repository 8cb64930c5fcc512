// @ts-check
/**
 * Binds what every page has: the theme button, the menus, and the offer of a newer version.
 * Must not know the market.
 */

import {bindMenus} from "../screen/page/menus.js";
import {offerReload} from "../screen/page/reload_offer.js";
import {bindPalette, bindTheme} from "../screen/page/theme.js";
import {BuildWatch} from "../transports/build_watch.js";

/** A page that stays open and visible asks this often whether there is a newer version. */
const LOOK_MS = 300_000;

const theme = document.getElementById("theme");
const palette = document.getElementById("palette");
if (theme) bindTheme(theme);
if (palette instanceof HTMLSelectElement) bindPalette(palette);
bindMenus();

const {build = "", version = ""} = document.documentElement.dataset;
const watch = new BuildWatch({url: version, build, onchange: () => offerReload()});
// A page comes back from sleep, or its connection comes back from a server that may be a newer one.
// Polls may not notice a quick restart, so a page also asks now and then.
setInterval(() => watch.lookSoon(), LOOK_MS);
document.addEventListener("visibilitychange", () => document.hidden || watch.lookSoon());
addEventListener("reconnected", () => watch.lookSoon());
