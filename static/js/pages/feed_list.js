// @ts-check
/**
 * Shows on the admin's list of feeds what each one does now.
 * Must hold no logic that another room could have.
 */

import {readChannel} from "../connection/channel_reader.js";
import {byId} from "../dom.js";
import {FeedStrip} from "../screen/deck/feed_strip.js";
import {socketUrl} from "../screen/page/settings.js";
import {showSignedOut} from "../screen/page/signed_out.js";
import {isDeckFrame} from "../wire/checks.js";
import {CHANNEL} from "../wire/frames.js";

const strip = new FeedStrip(document);
const {socket = ""} = byId("feed-list").dataset;
readChannel(socketUrl(socket), {
  channel: CHANNEL.DECK, isFrame: isDeckFrame, onframe: ({feeds}) => strip.show(feeds), onsignedout: showSignedOut,
  onstate: (name) => name === "closed" && strip.forget(),
});
