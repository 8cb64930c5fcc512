// @ts-check
/**
 * Gets frames over a WebSocket.
 * Must not know what a frame means, or when to try again.
 */

import {encodeCommand, parseFrame} from "../wire/frames.js";

/** @typedef {import("../wire/frames.js").Command} Command */
/** @typedef {import("./transport.js").Transport} Transport */

/** @implements {Transport} */
export class WebSocketTransport {
  name = "WebSocket";
  quiet_ms = 0;
  onopen = () => {};
  /** @type {Transport["onframe"]} */
  onframe = () => {};
  /** @type {Transport["onclose"]} */
  onclose = () => {};
  #url;
  #make;
  /** @type {WebSocket | null} */
  #socket = null;
  #isProven = false;

  /**
   * @param {string} url
   * @param {(url: string) => WebSocket} [make]
   */
  constructor(url, make = (address) => new WebSocket(address)) {
    this.#url = url;
    this.#make = make;
  }

  /** Connect. This transport needs no positions: each subscribe command carries its own. */
  open() {
    this.close();
    const socket = this.#make(this.#url);
    this.#socket = socket;
    this.#isProven = false;
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => {
      this.#socket = null;
      this.onclose({code: event.code, reason: event.reason, retry_ms: 0});
    };
  }

  /**
   * Send a command. A socket that is closing drops it, as the network might.
   * @param {Command} command
   */
  send(command) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(encodeCommand(command));
  }

  /** Close for good; no callback follows. */
  close() {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  /** Some proxies accept a socket and carry nothing, so only the first frame counts as open. @param {unknown} text */
  #receive(text) {
    const frame = parseFrame(text);
    if (!frame) return;
    if (!this.#isProven) {
      this.#isProven = true;
      this.onopen();
    }
    this.onframe(frame, String(text).length);
  }
}
