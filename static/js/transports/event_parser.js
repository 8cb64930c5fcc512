// @ts-check
/**
 * Parses a stream of server-sent events from pieces, wherever the network cut them (HTML standard, 9.2.6).
 * Pure. Must not know frames or the network.
 */

/** An event: its kind, its text, and its id if it had one. @typedef {{kind: string, data: string, id: string | null}} StreamEvent */

/** An event that is longer than this is not ours: our largest frame is a snapshot of some 80 kB. */
const EVENT_CHARACTERS = 4_000_000;

export class EventParser {
  /** The start of a line whose end has not arrived yet. */
  #rest = "";
  #endedInReturn = false;
  #kind = "";
  /** @type {string[]} */
  #data = [];
  #length = 0;
  /** @type {string | null} */
  #id = null;

  /**
   * Take the next piece of the stream; return the events that it completes.
   * @param {string} text
   * @returns {StreamEvent[]}
   * @throws {RangeError} when an event does not end
   */
  push(text) {
    const lines = this.#linesOf(text);
    return lines.map((line) => this.#take(line)).filter((event) => event !== null);
  }

  /** A line ends in CR, LF or CR LF, and the two may come in separate pieces. @param {string} text */
  #linesOf(text) {
    if (text === "") return [];
    const piece = this.#endedInReturn && text.startsWith("\n") ? text.slice(1) : text;
    this.#endedInReturn = text.endsWith("\r");
    const lines = (this.#rest + piece).split(/\r\n|\r|\n/);
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length + this.#length > EVENT_CHARACTERS) throw new RangeError("the event has no end");
    return lines;
  }

  /** @param {string} line */
  #take(line) {
    if (line === "") return this.#finish();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") {
      this.#data.push(value);
      this.#length += value.length;
    } else if (field === "event") {
      this.#kind = value;
    } else if (field === "id" && !value.includes("\0")) {
      this.#id = value;
    }
    return null;
  }

  /** An empty line ends an event. Without data there is no event. @returns {StreamEvent | null} */
  #finish() {
    const event = {kind: this.#kind || "message", data: this.#data.join("\n"), id: this.#id};
    const isEvent = this.#data.length > 0;
    this.#kind = "";
    this.#data = [];
    this.#length = 0;
    // In the standard an id holds until the next one. Here it is the position of its own event.
    this.#id = null;
    return isEvent ? event : null;
  }
}
