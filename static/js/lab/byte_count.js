// @ts-check
/**
 * Counts what a transport costs on the wire, with the headers: requests, and bytes both transports.
 * Must not know what is carried.
 *
 * What a browser does not show is estimated. The header of a request is as long as the server found that
 * of the same page's own question to be. Each piece of a stream is one HTTP chunk. Pings and pongs of a
 * socket (a few bytes in ten seconds), TCP, IP and TLS are not counted.
 */

/** @typedef {import("../transports/transport.js").Transport} Transport */

/** "HTTP/1.1", the end of a line, and ": ". */
const VERSION_BYTES = 8;
const LINE_END = 2;
const SEPARATOR = 2;
/** "Upgrade: websocket" and the other lines of the answer to a handshake. */
const HANDSHAKE_ANSWER_BYTES = 129;
const MASK_BYTES = 4;

const encoder = new TextEncoder();

export class ByteCount {
  requests = 0;
  /** Times that the transport to the server was opened, and commands that were given since. */
  openings = 0;
  commands = 0;
  sent = 0;
  received = 0;
  #headerBytes;

  /** @param {number} headerBytes how long the header of a request of this page is */
  constructor(headerBytes) {
    this.#headerBytes = headerBytes;
  }

  /**
   * Return a transport whose openings and commands are counted.
   * @template {Transport} T
   * @param {T} transport
   * @returns {T}
   */
  watch(transport) {
    const {open, send} = transport;
    transport.open = (positions) => {
      this.openings += 1;
      open.call(transport, positions);
    };
    transport.send = (command) => {
      this.commands += 1;
      send.call(transport, command);
    };
    return transport;
  }

  /** Fetch as ever, and count. @type {typeof fetch} */
  fetch = async (address, options) => {
    this.requests += 1;
    this.sent += this.#requestBytes(new URL(String(address), location.href));
    const response = await fetch(address, options);
    this.received += headBytes(response);
    return /** @type {any} */ (new CountedResponse(response, (bytes) => (this.received += bytes)));
  };

  /**
   * Open a socket, and count.
   * @param {string} address
   */
  socket = (address) => {
    const socket = new WebSocket(address);
    const send = socket.send.bind(socket);
    this.requests += 1;
    this.sent += this.#requestBytes(new URL(address));
    socket.addEventListener("open", () => (this.received += HANDSHAKE_ANSWER_BYTES));
    socket.addEventListener("message", ({data}) => (this.received += frameBytes(data)));
    socket.send = (data) => {
      this.sent += frameBytes(String(data)) + MASK_BYTES;
      send(data);
    };
    return socket;
  };

  /** "GET /path HTTP/1.1", the header, and an empty line. @param {URL} address */
  #requestBytes({pathname, search}) {
    const line = "GET  ".length + pathname.length + search.length + VERSION_BYTES + LINE_END;
    return line + this.#headerBytes + LINE_END;
  }
}

/** As much of a response as the transports use, with the bytes of its body counted. */
class CountedResponse {
  #response;
  #count;

  /** @param {Response} response @param {(bytes: number) => void} count */
  constructor(response, count) {
    this.#response = response;
    this.#count = count;
    this.status = response.status;
    this.type = response.type;
    this.headers = response.headers;
  }

  get body() {
    return {getReader: () => this.#reader()};
  }

  async arrayBuffer() {
    const body = await this.#response.arrayBuffer();
    this.#count(body.byteLength);
    return body;
  }

  async json() {
    return JSON.parse(new TextDecoder().decode(await this.arrayBuffer()));
  }

  #reader() {
    const reader = this.#response.body?.getReader();
    return {
      read: async () => {
        const piece = await reader?.read();
        if (piece?.value) this.#count(piece.value.byteLength + chunkBytes(piece.value.byteLength));
        return piece;
      },
    };
  }
}

/**
 * Return how long a frame of a socket is, whatever the sender (RFC 6455, 5.2); a mask comes on top.
 * @param {unknown} text
 */
export function frameBytes(text) {
  const bytes = encoder.encode(String(text)).byteLength;
  if (bytes < 126) return bytes + 2;
  return bytes + (bytes < 65_536 ? 4 : 10);
}

/** Its length in hexadecimal and two line ends. @param {number} bytes */
function chunkBytes(bytes) {
  return bytes.toString(16).length + 2 * LINE_END;
}

/** The first line, each line of the header, and an empty line. @param {Response} response */
function headBytes({status, statusText, headers}) {
  let bytes = VERSION_BYTES + ` ${status} ${statusText}`.length + LINE_END;
  for (const [name, value] of headers) bytes += name.length + SEPARATOR + value.length + LINE_END;
  return bytes + LINE_END;
}
