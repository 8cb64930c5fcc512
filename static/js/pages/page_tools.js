// @ts-check
/**
 * What every page has, and none needs before its first price: the dialogs, and the offer of a newer version. shell.js loads it.
 * Must not know the market.
 */

import {offerActions, offeredActions} from "../screen/page/keyboard.js";
import {tell} from "../screen/page/note.js";
import {addressWith} from "../screen/page/settings.js";
import {offerReload} from "../screen/page/reload_offer.js";
import {showSignedOut} from "../screen/page/signed_out.js";
import {followChoices} from "../screen/page/theme.js";
import {BuildWatch} from "../requests/build_watch.js";
import {bindPerson} from "./person.js";

/** A page that stays open and visible asks this often whether there is a newer version. */
const LOOK_MS = 300_000;

const {build = "", version = "", places, preferences} = document.documentElement.dataset;

followChoices();
if (places !== undefined) bindCommands();
if (preferences !== undefined) {
  bindPerson(preferences, {onrefused: (text) => tell(`Only this browser keeps your choice: ${text}`), onsignout: showSignedOut});
}

const watch = new BuildWatch({url: version, build, onchange: () => offerReload()});
// A page comes back from sleep, or its connection comes back from a server that may be a newer one.
// Polls may not notice a quick restart, so a page also asks now and then.
setInterval(() => watch.lookSoon(), LOOK_MS);
document.addEventListener("visibilitychange", () => document.hidden || watch.lookSoon());
addEventListener("reconnected", () => watch.lookSoon());

/** Open the choices of how pages look. */
export function openAppearance() {
  void loaded(async () => {
    const appearance = await import("../screen/commands/appearance.js");
    appearance.openAppearance(preferences !== undefined);
  });
}

/** Open the box for commands; people who are not signed in have none. */
export function openCommands() {
  if (places === undefined) return;
  void loaded(async () => {
    const commands = await import("../screen/commands/commands.js");
    const reader = await import("../requests/place_reader.js");
    commands.openCommands({actions: offeredActions(), read: () => reader.readPlaces(places)});
  });
}

/** Open the help about the keys of the page. */
export function openHelp() {
  void loaded(async () => {
    const help = await import("../screen/commands/help.js");
    help.openHelp({actions: offeredActions()});
  });
}

function bindCommands() {
  offerActions([
    {key: "", label: "Change the theme", run: () => document.getElementById("theme")?.click()},
    {key: "", label: "Appearance: theme, contrast, colours, density", run: openAppearance},
  ]);
  if (document.querySelector(".kiosk-leave")) {
    offerActions([{key: "", label: "Kiosk: this list alone, for a screen on a wall", run: openKiosk}]);
  }
}

/** Show the list of this page alone; a line that is open would hide some of its columns. */
function openKiosk() {
  const address = new URL(addressWith("kiosk", ""));
  address.searchParams.delete("i");
  location.assign(address);
}

/** Do what needs scripts that are not loaded yet. @param {() => Promise<void>} open */
async function loaded(open) {
  try {
    await open();
  } catch (error) {
    tell(`This could not be loaded: ${String(error)}`);
  }
}
