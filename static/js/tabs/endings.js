// @ts-check
/**
 * How an end of the leader's connection is told to the tabs that share it.
 * Pure. Must not know who is told.
 */

import {LOST} from "../transports/transport.js";
import {CLOSE, CLOSE_TEXT} from "../wire/frames.js";

/**
 * Return the ending that a transport of one's own would have told.
 * @param {import("../connection/state.js").ConnectionState} state
 * @param {number} now_ms
 * @returns {import("../transports/transport.js").Ending}
 */
export function endingOf({name, reason, retry_at_ms}, now_ms) {
  const retry_ms = Math.max(0, (retry_at_ms ?? now_ms) - now_ms);
  if (name === "signed_out") return {code: CLOSE.SIGNED_OUT, reason, retry_ms};
  if (name !== "stopped") return {code: LOST, reason, retry_ms};
  const [code = LOST] = Object.entries(CLOSE_TEXT).find(([, [text]]) => text === reason) ?? [];
  return {code: Number(code), reason, retry_ms};
}
