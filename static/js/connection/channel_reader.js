// @ts-check
/**
 * Reads one channel over a socket of its own, and comes back when the line breaks.
 * Must not know what the channel carries.
 */

import {RawSocket} from "../transports/raw_socket.js";
import {CLOSE, CLOSE_TEXT, METHOD, encodeCommand, mayRetry, parseFrame} from "../wire/frames.js";
import {backoff} from "./backoff.js";

/**
 * Begin to read; `isFrame` says which messages are frames of the channel.
 * @template Frame
 * @param {string} url
 * @param {{
 *   channel: string, isFrame: (value: unknown) => value is Frame, onframe: (frame: Frame) => void,
 *   onstate: (name: "open" | "closed", text: string) => void, onsignedout: () => void,
 * }} reader
 */
export function readChannel(url, {channel, isFrame, onframe, onstate, onsignedout}) {
  const socket = new RawSocket(url);
  let attempt = 0;
  socket.onopen = () => {
    socket.send(encodeCommand({method: METHOD.SUBSCRIBE, params: {channel}, id: 1}));
  };
  /** @param {string} text */
  socket.ontext = (text) => {
    const answer = parseFrame(text);
    if (answer?.type === "answer" && !answer.success) onstate("closed", `Refused: ${answer.error?.message ?? ""}`);
    /** @type {unknown} */
    const frame = JSON.parse(text);
    if (!isFrame(frame)) return;
    attempt = 0;
    onstate("open", "Live");
    onframe(frame);
  };
  /** @param {number} code */
  socket.onclose = (code) => {
    const why = CLOSE_TEXT[code]?.[0] ?? "the connection was lost";
    if (!mayRetry(code)) {
      onstate("closed", `Ended: ${why}. Reload the page to come back.`);
      if (code === CLOSE.SIGNED_OUT) onsignedout();
      return;
    }
    onstate("closed", `Not live: ${why}. Trying again.`);
    setTimeout(() => socket.open(), backoff(attempt, Math.random()));
    attempt += 1;
  };
  socket.open();
}
