// @ts-check
/**
 * The types of the messages between tabs. Broadcasts reach all tabs; the leader and each tab also have a channel
 * of their own.
 * Must not know who leads or what tabs want.
 */

/** @typedef {import("../wire/frames.js").Frame} Frame */
/** @typedef {import("../wire/frames.js").Command} Command */
/** @typedef {import("../transports/transport.js").Ending} Ending */

/**
 * The part of a BroadcastChannel that we use.
 * @template Heard, Said
 * @typedef {{
 *   onmessage: ((event: MessageEvent<Heard>) => void) | null, postMessage: (message: Said) => void, close: () => void,
 * }} Channel
 */
/** @typedef {<Heard, Said>(name: string) => Channel<Heard, Said>} OpenChannel */

/**
 * To all tabs. `hello`: tab `id` looks for the leader, and has the trades up to position `since`. `lead`: a tab
 * leads from now on; its `term` is a name that no other leader has.
 * @typedef {{kind: "hello", id: string, since: string | null} | {kind: "lead", term: string}} Broadcast
 *
 * From the leader to one tab. `here`: the leader heard the tab. `road`: which transport carries the frames.
 * `open`: the connection is up. `frame`: a frame, and the bytes it cost. `closed`: the connection ended.
 * @typedef {{kind: "here"} | {kind: "road", name: string, quiet_ms: number} | {kind: "open"}
 *   | {kind: "frame", frame: Frame, bytes: number} | {kind: "closed", ending: Ending}
 * } LeaderBody
 * @typedef {{term: string} & LeaderBody} LeaderMessage
 *
 * From one tab to the leader. `command`: as the server would get it. `probe`: the tab heard nothing for a while, and a
 * leader that lives answers `here`.
 * @typedef {{kind: "command", command: Command} | {kind: "probe"}} TabMessage
 */

/** Opens a real channel; tests hand in another. @type {OpenChannel} */
export const openChannel = (name) => new BroadcastChannel(name);

/** Return the name of the channel between the leader and one tab. @param {string} key @param {string} id */
export function lineOf(key, id) {
  return `${key}/${id}`;
}
