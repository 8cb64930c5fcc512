// @ts-check
/**
 * Shows on the admin's list of feeds what each one does now.
 * Must hold no logic that another room could have.
 */

import {byId} from "../dom.js";
import {FeedStrip} from "../screen/deck/feed_strip.js";
import {socketUrl} from "../screen/page/settings.js";
import {showSignedOut} from "../screen/page/signed_out.js";
import {readDeck} from "./deck_reader.js";

const strip = new FeedStrip(document);
const {socket = ""} = byId("feed-list").dataset;
readDeck(socketUrl(socket), {onframe: ({feeds}) => strip.show(feeds), onsignedout: showSignedOut, onstate: (name) => name === "closed" && strip.forget()});
