// @ts-check
/**
 * A bare WebSocket: text out, text in. It parses nothing and never reconnects by itself.
 * Must not know frames.
 */

export class RawSocket {
  onopen = () => {};
  /** @type {(text: string) => void} */
  ontext = () => {};
  /** @type {(code: number) => void} */
  onclose = () => {};
  #url;
  /** @type {WebSocket | null} */
  #socket = null;

  /** @param {string} url */
  constructor(url) {
    this.#url = url;
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  open() {
    this.#socket?.close(1000);
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => this.onopen();
    socket.onmessage = (event) => this.ontext(String(event.data));
    socket.onclose = (event) => {
      // An earlier socket may end after the next one was opened.
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.onclose(event.code);
    };
  }

  /**
   * Send a text. Return false if the socket is not open.
   * @param {string} text
   */
  send(text) {
    if (!this.isOpen) return false;
    this.#socket?.send(text);
    return true;
  }

  close() {
    this.#socket?.close(1000);
  }
}
