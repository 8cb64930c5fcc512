// @ts-check
/**
 * Offers to reload a page of which the server has a newer one. It never reloads by itself: people may be typing.
 * Must not know how that is found out.
 */

import {byId, find} from "../../dom.js";

/** Show the offer. @param {() => void} [reload] */
export function offerReload(reload = () => location.reload()) {
  const offer = byId("new-version");
  find(offer, "[data-part=reload]").addEventListener("click", () => reload());
  offer.hidden = false;
}
