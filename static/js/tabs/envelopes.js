// @ts-check
/**
 * What tabs say to each other, in types: one call that all hear, and a line between the leader and each tab.
 * Must not know who leads or what is wanted.
 */

/** @typedef {import("../wire/frames.js").Frame} Frame */
/** @typedef {import("../wire/frames.js").Command} Command */
/** @typedef {import("../transports/transport.js").Ending} Ending */

/**
 * The part of a BroadcastChannel that is used.
 * @typedef {{
 *   onmessage: ((event: MessageEvent) => void) | null, postMessage: (message: unknown) => void, close: () => void,
 * }} Channel
 * @typedef {(name: string) => Channel} OpenChannel
 *
 * All hear: a tab looks for the leader, and was told of trades up to here; a tab leads from now on. `term` is
 * a leader's own name.
 * @typedef {{kind: "hello", id: string, since: string | null} | {kind: "lead", term: string}} Broadcast
 *
 * The leader to one tab: I heard you; what carries the frames; the road is open; a frame, and what it cost;
 * the road was lost.
 * @typedef {{term: string} & (
 *   {kind: "here"} | {kind: "road", name: string, quiet_ms: number} | {kind: "open"}
 *   | {kind: "frame", frame: Frame, bytes: number} | {kind: "closed", ending: Ending}
 * )} LeaderMessage
 *
 * One tab to the leader: a command, as to the server.
 * @typedef {{kind: "command", command: Command}} TabMessage
 */

/** The browser's own; tests may hand in others. @type {OpenChannel} */
export const openChannel = (name) => new BroadcastChannel(name);

/** The name of a tab's own line. @param {string} key @param {string} id */
export function lineOf(key, id) {
  return `${key}/${id}`;
}
