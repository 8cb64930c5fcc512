// @ts-check
/**
 * Takes away what a page shows when its person is signed out, says why, and leads to the page for signing in.
 * Must not know the network or the market.
 */

import {byId, find, write} from "../../dom.js";

/** What the tabs of a browser say to each other when somebody signs out in one of them. */
const NAME = "market.sign-out";

const HERE = "You signed out in another tab of this browser.";
const ELSEWHERE = "You signed out in another browser, your password was changed, or somebody ended this session.";

/** Whether somebody pressed "Sign out" in another tab. */
let isHere = false;

/**
 * Tell the other tabs when somebody signs out here, and listen to them.
 * @param {() => void} onsignout somebody signs out in another tab
 */
export function watchSignOut(onsignout) {
  const tabs = new BroadcastChannel(NAME);
  tabs.addEventListener("message", () => {
    isHere = true;
    onsignout();
  });
  document.addEventListener("submit", ({target}) => {
    if (target instanceof HTMLFormElement && target.matches("[data-signs-out]")) tabs.postMessage("signing out");
  });
}

/** Say that the person is signed out; nothing else stays on the page. What works on its parts hears "signed-out" before. */
export function showSignedOut() {
  const main = byId("main");
  if (main.querySelector("#signed-out-title")) return;
  dispatchEvent(new Event("signed-out"));
  const template = /** @type {HTMLTemplateElement} */ (byId("signed-out"));
  const note = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const link = /** @type {HTMLAnchorElement} */ (find(note, "a"));
  link.href += `?next=${encodeURIComponent(location.pathname + location.search)}`;
  write(find(note, "[data-part=reason]"), isHere ? HERE : ELSEWHERE);
  main.className = "card";
  main.replaceChildren(note);
  for (const each of document.querySelectorAll("[data-signed-in], dialog")) each.remove();
  document.title = "Signed out · Market";
}
