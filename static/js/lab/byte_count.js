// @ts-check
/**
 * Counts what a transport costs on the wire: requests, and the bytes sent and received, with their headers.
 * Must not know what is carried.
 *
 * Estimated, because a browser does not show it: the length of a request's header, which the server measured on
 * another request of this page; and the chunks of a stream, one for each piece that is read. Not counted: pings
 * and pongs of a socket (a few bytes in ten seconds), TCP, IP and TLS.
 */

/** @typedef {import("../transports/transport.js").Transport} Transport */
/** @typedef {import("../transports/http.js").HttpResponse} HttpResponse */

/** The bytes of "HTTP/1.1", of a line end, and of ": ". */
const VERSION_BYTES = 8;
const LINE_END = 2;
const SEPARATOR = 2;
/** The whole response to a WebSocket handshake. */
const HANDSHAKE_ANSWER_BYTES = 129;
const MASK_BYTES = 4;

const encoder = new TextEncoder();

export class ByteCount {
  requests = 0;
  /** How often the transport was opened, and how many commands it got. */
  openings = 0;
  commands = 0;
  sent = 0;
  received = 0;
  #headerBytes;

  /** @param {number} headerBytes the length of the header of a request of this page */
  constructor(headerBytes) {
    this.#headerBytes = headerBytes;
  }

  /**
   * Count the openings and commands of a transport. Return the same transport.
   * @template {Transport} T
   * @param {T} transport
   * @returns {T}
   */
  watch(transport) {
    const open = transport.open.bind(transport);
    const send = transport.send.bind(transport);
    transport.open = (positions) => {
      this.openings += 1;
      open(positions);
    };
    transport.send = (command) => {
      this.commands += 1;
      send(command);
    };
    return transport;
  }

  /** Fetch as usual, and count the bytes. @type {import("../transports/http.js").Fetch} */
  fetch = async (address, options) => {
    this.requests += 1;
    this.sent += this.#requestBytes(new URL(address, location.href));
    const response = await fetch(address, options);
    this.received += headBytes(response);
    return new CountedResponse(response, (bytes) => (this.received += bytes));
  };

  /**
   * Open a socket, and count its bytes.
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
      this.sent += frameBytes(data) + MASK_BYTES;
      send(data);
    };
    return socket;
  };

  /** Return the bytes of "GET /path HTTP/1.1", the header, and an empty line. @param {URL} address */
  #requestBytes({pathname, search}) {
    const line = "GET  ".length + pathname.length + search.length + VERSION_BYTES + LINE_END;
    return line + this.#headerBytes + LINE_END;
  }
}

/**
 * The part of a response that the transports use. It counts the bytes of the body.
 * @implements {HttpResponse}
 */
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

  /** @returns {Promise<unknown>} */
  async json() {
    /** @type {unknown} */
    const value = JSON.parse(new TextDecoder().decode(await this.arrayBuffer()));
    return value;
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
 * Return the bytes of a WebSocket frame without its mask (RFC 6455, 5.2).
 * @param {unknown} text
 */
export function frameBytes(text) {
  const bytes = encoder.encode(String(text)).byteLength;
  if (bytes < 126) return bytes + 2;
  return bytes + (bytes < 65_536 ? 4 : 10);
}

/** Return the bytes around an HTTP chunk: its length in hexadecimal, and two line ends. @param {number} bytes */
function chunkBytes(bytes) {
  return bytes.toString(16).length + 2 * LINE_END;
}

/** Return the bytes of the status line, the header lines, and an empty line. @param {Response} response */
function headBytes({status, statusText, headers}) {
  let bytes = VERSION_BYTES + ` ${status} ${statusText}`.length + LINE_END;
  for (const [name, value] of headers) bytes += name.length + SEPARATOR + value.length + LINE_END;
  return bytes + LINE_END;
}
