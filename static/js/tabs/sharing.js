// @ts-check
/**
 * One connection per browser: the tabs of one sign-in share the connection of the leading tab. This module joins
 * election, leader and follower. Where the browser lacks what they need, each tab has its own connection.
 * Must not know what the frames mean.
 */

import {Connection} from "../connection/connection.js";
import {Election, Presence} from "./election.js";
import {openChannel} from "./messages.js";
import {FollowerTransport} from "./follower_transport.js";
import {Leader} from "./leader.js";

/** @typedef {import("../transports/transport.js").Candidate} Candidate */
/** @typedef {import("../transports/transport.js").Transport} Transport */

/** Part of every name. Change it with the messages, so that tabs with old scripts share among themselves. */
const VERSION = "market-tabs-2";
/** A page polls by itself: its interval is its own, and a poll holds no connection. */
const OWN = "poll";

/**
 * Return the candidates of a page that shares: first the leader's connection. The others are used only when somebody
 * pins one; the tabs that pin the same share it as well. Where tabs cannot or must not share, return the page's own
 * candidates.
 * @param {Candidate[]} candidates
 * @param {{key: string, known: () => import("./served_tab.js").ReplicaLike, onready: () => void}} options `key`: names the
 *   sign-in; empty to share with nobody. `known`: makes an empty replica. `onready`: the leader has a
 *   connection, so a wait for the next try may end
 * @returns {Candidate[]}
 */
export function shared(candidates, {key, known, onready}) {
  if (!key || !canShare()) return candidates;
  const share = (/** @type {Candidate[]} */ among, /** @type {string} */ name) => followerOf(among, {name, known, onready});
  const pinnable = candidates.map((candidate) => {
    const spare = {...candidate, isSpare: true};
    return candidate.key === OWN ? spare : through(share([candidate], `${VERSION}-${candidate.key}/${key}`), spare);
  });
  return [through(share(candidates, `${VERSION}/${key}`), {key: "shared", name: "Shared"}), ...pinnable];
}

/**
 * Return a candidate whose frames come through a follower.
 * @param {FollowerTransport} follower @param {{key: string, name: string, isSpare?: boolean}} candidate
 * @returns {Candidate}
 */
function through(follower, candidate) {
  return {...candidate, make: () => follower, leave: () => follower.leave()};
}

function canShare() {
  const {navigator, BroadcastChannel} = /** @type {{navigator: Partial<Navigator>, BroadcastChannel?: unknown}} */ (globalThis);
  // Browsers have locks only on pages that came over TLS, or from this machine.
  return Boolean(navigator.locks && BroadcastChannel);
}

/**
 * @param {Candidate[]} candidates
 * @param {{name: string, known: () => import("./served_tab.js").ReplicaLike, onready: () => void}} options
 */
function followerOf(candidates, {name, known, onready}) {
  const {locks} = navigator;
  const presence = new Presence(locks, name);
  const lead = () => leaderOf(candidates, {name, known: known(), presence});
  /** @type {Leader | null} */
  let leader = null;
  const election = new Election({
    locks,
    name,
    onlead: () => {
      leader = lead();
      if (follower.isAsking) leader.open();
    },
    onyield: () => {
      leader?.close();
      leader = null;
    },
  });
  addEventListener("online", () => leader?.setOnline(true));
  addEventListener("offline", () => leader?.setOnline(false));
  const follower = new FollowerTransport({key: name, id: crypto.randomUUID(), election, presence, openChannel, onready});
  return follower;
}

/**
 * @param {Candidate[]} candidates
 * @param {{name: string, known: import("./served_tab.js").ReplicaLike, presence: Presence}} options
 */
function leaderOf(candidates, {name, known, presence}) {
  /** @type {Map<string, Transport>} */
  const made = new Map();
  const noted = candidates.map((candidate) => ({...candidate, make: () => noteIn(made, candidate.make())}));
  return new Leader({
    key: name,
    term: crypto.randomUUID(),
    openChannel,
    presence,
    known,
    connect: (hooks) => new Connection({candidates: noted, ...hooks}),
    quietOf: (transport) => made.get(transport)?.quiet_ms ?? 0,
  });
}

/** @param {Map<string, Transport>} made @param {Transport} transport */
function noteIn(made, transport) {
  made.set(transport.name, transport);
  return transport;
}
