// @ts-check
/**
 * What every page does for somebody who is signed in: it keeps on the server what they choose, shows what they chose
 * elsewhere, and hears of their sign-out in another tab.
 * Must not know what a page is about.
 */

import {watchSignOut} from "../screen/page/signed_out.js";
import {adopt} from "../screen/page/theme.js";
import {Poster} from "../requests/post.js";
import {isSignedIn, readPreferences} from "../requests/preference_reader.js";

/** After somebody signs out in another tab, the server is asked whether that worked. */
const SIGN_OUT_MS = 1_500;

/**
 * @param {string} url of the preferences
 * @param {{onrefused?: (text: string) => void, onsignout: () => void}} options `onrefused`: the server keeps no choice
 */
export function bindPerson(url, {onrefused, onsignout}) {
  const poster = new Poster(document.querySelector("input[name=csrfmiddlewaretoken]")?.getAttribute("value") ?? "");
  let sent = Promise.resolve();
  addEventListener("kept", (event) => {
    const {detail} = /** @type {CustomEvent<{name: string, value: string}>} */ (event);
    sent = poster.post(url, detail).then(({isDone, text}) => isDone || onrefused?.(text)).then(() => {});
  });
  addEventListener("pagehide", () => poster.leave());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void sent.then(() => readPreferences(`${url}kept/`)).then((kept) => kept && adopt(kept));
  });
  watchSignOut(() => {
    setTimeout(() => void isSignedIn(`${url}kept/`).then((isIn) => isIn || onsignout()), SIGN_OUT_MS);
  });
}
