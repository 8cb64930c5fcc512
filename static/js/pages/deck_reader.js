// @ts-check
/**
 * Reads the figures of the flight deck over a WebSocket, and comes back when the line breaks.
 * Must not show anything.
 */

import {backoff} from "../connection/backoff.js";
import {RawSocket} from "../transports/raw_socket.js";
import {isNumber, isObject} from "../wire/checks.js";
import {CHANNEL, CLOSE, CLOSE_TEXT, METHOD, encodeCommand, mayRetry, parseFrame} from "../wire/frames.js";

/** @typedef {import("../screen/deck/panel.js").DeckFrame} DeckFrame */

/**
 * Begin to read.
 * @param {string} url
 * @param {{onframe: (frame: DeckFrame) => void, onstate: (name: "open" | "closed", text: string) => void, onsignedout: () => void}} readers
 */
export function readDeck(url, {onframe, onstate, onsignedout}) {
  const socket = new RawSocket(url);
  let attempt = 0;
  socket.onopen = () => {
    socket.send(encodeCommand({method: METHOD.SUBSCRIBE, params: {channel: CHANNEL.DECK}, id: 1}));
  };
  /** @param {string} text */
  socket.ontext = (text) => {
    const answer = parseFrame(text);
    if (answer?.type === "answer" && !answer.success) onstate("closed", `Refused: ${answer.error?.message ?? ""}`);
    /** @type {unknown} */
    const frame = JSON.parse(text);
    if (!isDeckFrame(frame)) return;
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

/** @param {unknown} frame @returns {frame is DeckFrame} */
function isDeckFrame(frame) {
  if (!isObject(frame) || frame.channel !== CHANNEL.DECK) return false;
  return Array.isArray(frame.feeds) && isObject(frame.process) && isNumber(frame.connections);
}
