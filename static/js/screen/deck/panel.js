// @ts-check
/**
 * The figures of the flight deck: feeds, the process, connected people, and the log of actions.
 * Must not know the network.
 */

import {find, make, write} from "../../dom.js";
import {steadyNow} from "../../steady_clock.js";
import {LiveLine} from "./live_line.js";
import {ago, sentence} from "./words.js";

/** @typedef {import("../../wire/checks.js").DeckFrame} DeckFrame */
/** @typedef {import("../../wire/checks.js").DeckFeed} DeckFeed */
/** @typedef {import("../../wire/checks.js").DeckPerson} Person */
/** @typedef {{texts: string[], undo: string}} AuditEntry `undo`: an address, or "" where nothing can be undone */

const whole = new Intl.NumberFormat("en", {maximumFractionDigits: 0});
const fine = new Intl.NumberFormat("en", {maximumFractionDigits: 1});

export class DeckPanel {
  /** Hears of the button that disconnects a user: one connection, or all of them if `connection` is "". @type {(user: string, connection: string) => void} */
  ondisconnect = () => {};
  #page;
  #body;
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();
  /** @type {Map<HTMLElement, LiveLine>} */
  #lines = new Map();
  #entries = "";

  /** @param {HTMLElement} page */
  constructor(page) {
    this.#page = page;
    this.#body = page.querySelector("#people");
    page.addEventListener("click", (event) => this.#click(event));
  }

  /** Show all figures of a frame. @param {DeckFrame} frame */
  show(frame) {
    for (const feed of frame.feeds) this.#showFeed(feed);
    this.#showProcess(frame);
    this.#showPeople(frame);
  }

  /**
   * Show the result of a form beside it. Whether a feed is recorded comes with no frame, so the button that did it says so.
   * @param {HTMLFormElement} form
   * @param {{isDone: boolean, text: string}} answer
   * @param {string} [address] where it was sent
   */
  answer(form, {isDone, text}, address = "") {
    const section = /** @type {HTMLElement | null} */ (form.closest("[data-feed]"));
    const command = address.split("/").at(-2);
    if (section && isDone && (command === "record" || command === "keep")) {
      section.dataset.recorded = command === "record" ? "+recorded" : "";
      offer(section, section.dataset.is ?? "");
    }
    const output = find(form, "[data-part=answer]");
    output.dataset.is = isDone ? "done" : "refused";
    write(output, text);
  }

  /** Show the log of actions, newest first: when, who, what and why. @param {AuditEntry[]} entries */
  showEntries(entries) {
    const body = this.#page.querySelector("#entries");
    // The same rows stay: somebody may be on a button of theirs.
    const text = JSON.stringify(entries);
    if (!body || text === this.#entries) return;
    this.#entries = text;
    const had = body.contains(document.activeElement) ? document.activeElement?.getAttribute("formaction") : null;
    const rows = entries.map(({texts, undo}) => {
      const button = make("button", {class: "button", form: "undo", formaction: undo}, "Undo");
      const cells = texts.map((text) => make("td", {}, text));
      return make("tr", {}, ...cells, make("td", {}, undo ? button : ""));
    });
    body.replaceChildren(...rows);
    if (had) stay(body, `[formaction="${CSS.escape(had)}"]`);
  }

  /** @param {DeckFeed} feed */
  #showFeed(feed) {
    const section = /** @type {HTMLElement | null} */ (this.#page.querySelector(`[data-feed="${CSS.escape(feed.feed)}"]`));
    if (!section) return;
    fill(section, {
      state: sentence(feed.state),
      ph: sentence(feed.ph),
      rate: fine.format(feed.rate),
      target: fine.format(feed.target),
      age: ago(feed.age_ms),
      halted: whole.format(feed.halted),
      instruments: whole.format(feed.instruments),
      reason: feed.reason || "–",
    });
    this.#draw(section, "rate-line", "Ticks per second", feed.rate);
    this.#draw(section, "age-line", "Age of the last tick in ms", feed.age_ms);
    offer(section, feed.state);
  }

  /** Draw a figure's picture, where there is a place for one. @param {ParentNode} parent @param {string} part @param {string} name @param {number | null} value */
  #draw(parent, part, name, value) {
    const place = /** @type {HTMLElement | null} */ (parent.querySelector(`[data-part=${part}]`));
    if (!place) return;
    const line = this.#lines.get(place) ?? new LiveLine(place, name);
    this.#lines.set(place, line);
    line.add(steadyNow(), value);
  }

  /** @param {DeckFrame} frame */
  #showProcess({process, connections}) {
    const {websocket = 0, sse = 0, longpoll = 0, poll = 0} = process.readers;
    fill(find(this.#page, "#process"), {
      connections: whole.format(connections),
      websocket: whole.format(websocket),
      sse: whole.format(sse),
      polls: whole.format(longpoll + poll),
      frames: fine.format(process.frames),
      updates: fine.format(process.updates),
      conflation: process.conflation === null ? "–" : `${fine.format(process.conflation)} ticks`,
      bytes: `${fine.format(process.bytes / 1000)} kB/s`,
      lag: process.stale === null ? ago(process.lag_ms) : "silent",
      cuts: whole.format(process.cuts),
      refused: whole.format(process.refused),
      overruns: whole.format(process.overruns),
    });
    this.#draw(this.#page, "lag-line", "Behind the feed in ms", process.stale === null ? process.lag_ms : null);
    this.#draw(this.#page, "frames-line", "Frames per second", process.frames);
    write(find(this.#page, "[data-part=process]"), `process ${process.process}`);
  }

  /** @param {DeckFrame} frame */
  #showPeople({people, connections}) {
    if (!this.#body || !people) return;
    const hidden = connections - people.length;
    write(find(this.#page, "[data-part=hidden]"), hidden > 0 ? `and ${hidden} more` : "");
    const gone = new Set(this.#rows.keys());
    for (const person of people) {
      gone.delete(person.id);
      this.#showPerson(person);
    }
    for (const id of gone) this.#forget(id);
  }

  /** @param {Person} person */
  #showPerson(person) {
    const row = this.#rows.get(person.id) ?? this.#add(person);
    fill(row, {
      user: person.user,
      transport: person.transport,
      pace: fine.format(person.pace),
      limit: person.reason || "–",
      behind: `${whole.format(person.behind)} events`,
      symbols: person.symbols === null ? "all" : whole.format(person.symbols),
      since: new Date(person.since).toISOString().slice(11, 19),
    });
  }

  /** @param {Person} person */
  #add(person) {
    const names = ["user", "transport", "pace", "limit", "behind", "symbols", "since"];
    const row = make("tr", {"data-user": person.user}, ...names.map((name) => make("td", {"data-part": name})));
    if (this.#page.querySelector("#disconnect")) {
      const user = String(person.user_id);
      row.append(make("td", {}, ender("Disconnect", user, person.id), " ", ender("Everywhere", user, "")));
    }
    this.#rows.set(person.id, row);
    this.#body?.append(row);
    return row;
  }

  /** @param {string} id */
  #forget(id) {
    const row = this.#rows.get(id);
    const hadFocus = row?.contains(document.activeElement) ?? false;
    row?.remove();
    this.#rows.delete(id);
    if (hadFocus && this.#body) stay(this.#body, "button");
  }

  /** @param {Event} event */
  #click({target}) {
    const button = target instanceof Element ? target.closest("button[data-connection]") : null;
    if (!(button instanceof HTMLElement)) return;
    this.ondisconnect(button.dataset.user ?? "", button.dataset.connection ?? "");
  }
}

/**
 * Keep the keyboard in a table whose row went: on the same button, else on the table.
 * @param {Element} body
 * @param {string} same
 */
function stay(body, same) {
  const place = body.querySelector(same) ?? body.closest("[tabindex]");
  if (place instanceof HTMLElement) place.focus();
}

/**
 * Show the buttons that can do something in this state of a feed. The keyboard stays among them.
 * @param {HTMLElement} section
 * @param {string} state
 */
function offer(section, state) {
  section.dataset.is = state;
  const word = state + (section.dataset.recorded ?? "");
  const buttons = /** @type {HTMLElement[]} */ ([...section.querySelectorAll("[data-in]")]);
  const gone = buttons.filter((button) => !(button.dataset.in ?? "").split(" ").includes(word));
  const isLost = gone.some((button) => button.contains(document.activeElement));
  for (const button of buttons) button.hidden = gone.includes(button);
  if (isLost) buttons.find((button) => !button.hidden)?.focus();
}

/**
 * Return a button that disconnects one connection of a user, or all of them when `connection` is "".
 * @param {string} text
 * @param {string} user
 * @param {string} connection
 */
function ender(text, user, connection) {
  const data = {"data-user": user, "data-connection": connection};
  return make("button", {class: "button", type: "button", ...data}, text);
}

/** @param {ParentNode} parent @param {Record<string, string>} texts */
function fill(parent, texts) {
  for (const [part, text] of Object.entries(texts)) write(find(parent, `[data-part=${part}]`), text);
}
