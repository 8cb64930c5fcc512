// @ts-check
/**
 * One connection per browser: the tabs of one sign-in share the stream of the one that leads. Puts together
 * election, relay and follower; where the browser cannot, each tab has its own connection.
 * Must not know what is carried.
 */

import {Connection} from "../connection/connection.js";
import {Election, Presence} from "./election.js";
import {openChannel} from "./envelopes.js";
import {Follower} from "./follower.js";
import {Relay} from "./leader.js";

/** @typedef {import("../transports/transport.js").Rung} Rung */
/** @typedef {import("../transports/transport.js").Transport} Transport */

/** Tabs of another version speak otherwise: they share among themselves. */
const VERSION = "market-tabs-1";

/**
 * Return the rungs of a page that shares: whatever the tab that leads uses, and the others if somebody pins
 * one. Where tabs cannot share, or must not, they are the page's own.
 * @param {Rung[]} rungs
 * @param {{key: string, known: () => import("./tab.js").Known, onready: () => void}} options `key`: of the
 *   sign-in; empty to share with nobody. `known`: makes a memory of what was told. `onready`: the tab that
 *   leads has an open road, so a wait may end
 * @returns {Rung[]}
 */
export function shared(rungs, {key, known, onready}) {
  if (!key || !canShare()) return rungs;
  const follower = followerOf(rungs, {name: `${VERSION}/${key}`, known, onready});
  const spare = rungs.map((rung) => ({...rung, isSpare: true}));
  return [{key: "shared", name: "Shared", make: () => follower}, ...spare];
}

function canShare() {
  const {navigator, BroadcastChannel} = /** @type {{navigator: Partial<Navigator>, BroadcastChannel?: unknown}} */ (globalThis);
  return Boolean(navigator.locks && BroadcastChannel);
}

/**
 * @param {Rung[]} rungs
 * @param {{name: string, known: () => import("./tab.js").Known, onready: () => void}} options
 */
function followerOf(rungs, {name, known, onready}) {
  const {locks} = navigator;
  const presence = new Presence(locks, name);
  const lead = () => relayOf(rungs, {name, known: known(), presence});
  /** @type {Relay | null} */
  let relay = null;
  const election = new Election({
    locks,
    name,
    onlead: () => {
      relay = lead();
    },
    onyield: () => {
      relay?.close();
      relay = null;
    },
  });
  addEventListener("online", () => relay?.setOnline(true));
  addEventListener("offline", () => relay?.setOnline(false));
  return new Follower({key: name, id: crypto.randomUUID(), election, presence, openChannel, onready});
}

/**
 * @param {Rung[]} rungs
 * @param {{name: string, known: import("./tab.js").Known, presence: Presence}} options
 */
function relayOf(rungs, {name, known, presence}) {
  /** @type {Map<string, Transport>} */
  const made = new Map();
  const noted = rungs.map((rung) => ({...rung, make: () => noteIn(made, rung.make())}));
  return new Relay({
    key: name,
    term: crypto.randomUUID(),
    openChannel,
    presence,
    known,
    connect: (hooks) => new Connection({rungs: noted, ...hooks}),
    quietOf: (transport) => made.get(transport)?.quiet_ms ?? 0,
  });
}

/** @param {Map<string, Transport>} made @param {Transport} transport */
function noteIn(made, transport) {
  made.set(transport.name, transport);
  return transport;
}
