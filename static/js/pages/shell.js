// @ts-check
/**
 * Binds what every page has: keys, menus and the theme button at once, and the rest when the page is there.
 * Must not know the market.
 */

import {loadLate} from "../late.js";
import {bindKeys, offerActions} from "../screen/page/keyboard.js";
import {bindMenus} from "../screen/page/menus.js";
import {bindTheme} from "../screen/page/theme.js";

const tools = loadLate(async () => await import("./page_tools.js"), {
  // A server that was away may be a newer one.
  onmended: () => dispatchEvent(new Event("reconnected")),
});
bindMenus();
const theme = document.getElementById("theme");
if (theme) bindTheme(theme);
// What is pressed early is carried out when the tools are there.
for (const [id, open] of /** @type {const} */ ([["commands-open", "openCommands"], ["help-open", "openHelp"], ["appearance-open", "openAppearance"]])) {
  document.getElementById(id)?.addEventListener("click", () => void tools.then((loaded) => loaded[open]()));
}
if (document.documentElement.dataset.places !== undefined) {
  offerActions([{key: "?", label: "Show the keys of this page", run: () => void tools.then(({openHelp}) => openHelp())}]);
}
bindKeys({oncommands: () => void tools.then(({openCommands}) => openCommands())});
