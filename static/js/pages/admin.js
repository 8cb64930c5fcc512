// @ts-check
/**
 * What every page of Django's admin has: the theme, the menu of the account, and names that Django's scripts forget.
 * Must not know what a page is about.
 */

import {bindMenus} from "../screen/page/menus.js";
import {showSignedOut} from "../screen/page/signed_out.js";
import {bindTheme, followChoices} from "../screen/page/theme.js";
import {bindPerson} from "./person.js";

const preferences = document.querySelector("[data-preferences]")?.getAttribute("data-preferences");
const theme = document.getElementById("theme");
if (theme) bindTheme(theme);
followChoices();
bindMenus();
document.getElementById("appearance-open")?.addEventListener("click", () => void openAppearance());

if (preferences) bindPerson(preferences, {onsignout: showSignedOut});

// Django draws these icons when the page has loaded. Their names count only with a role.
addEventListener("load", () => {
  for (const icon of document.querySelectorAll(".search-label-icon")) icon.setAttribute("role", "img");
});

/** Its script is loaded when it is first wanted. If that fails, the next click tries again. */
async function openAppearance() {
  const appearance = await import("../screen/commands/appearance.js");
  appearance.openAppearance(Boolean(preferences));
}
