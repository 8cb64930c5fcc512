// @ts-check
/**
 * The figures of the flight deck: feeds, the process, connected people, and the log of actions.
 * Must not know the network.
 */

import {find, make, write} from "../../dom.js";

/**
 * @typedef {{
 *   feed: string, state: string, ph: string, reason: string, target: number, rate: number,
 *   age_ms: number | null, instruments: number, halted: number,
 * }} DeckFeed
 * @typedef {{
 *   process: string, readers: Record<string, number>, frames: number, updates: number, bytes: number, conflation: number | null,
 *   lag_ms: number | null, stale: number | null, cuts: number, refused: number, overruns: number,
 * }} Process
 * @typedef {{
 *   id: string, user: string, user_id: number, transport: string, pace: number, reason: string,
 *   behind: number, symbols: number | null, since: number,
 * }} Person
 * @typedef {{texts: string[], undo: string}} AuditEntry `undo`: an address, or "" where nothing can be undone
 * @typedef {{feeds: DeckFeed[], process: Process, people: Person[] | null, connections: number}} DeckFrame
 */

const whole = new Intl.NumberFormat("en", {maximumFractionDigits: 0});
const fine = new Intl.NumberFormat("en", {maximumFractionDigits: 1});

export class DeckPanel {
  /** A button asks to disconnect a user: one connection, or all of them when it is "". @type {(user: string, connection: string) => void} */
  ondisconnect = () => {};
  #page;
  #body;
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();

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

  /** Show the result of a form beside it. @param {HTMLFormElement} form @param {{isDone: boolean, text: string}} answer */
  answer(form, {isDone, text}) {
    const output = find(form, "[data-part=answer]");
    output.dataset.is = isDone ? "done" : "refused";
    write(output, text);
  }

  /** Show the log of actions, newest first: when, who, what and why. @param {AuditEntry[]} entries */
  showEntries(entries) {
    const rows = entries.map(({texts, undo}) => {
      const button = make("button", {class: "button", form: "undo", formaction: undo}, "Undo");
      const cells = texts.map((text) => make("td", {}, text));
      return make("tr", {}, ...cells, make("td", {}, undo ? button : ""));
    });
    this.#page.querySelector("#entries")?.replaceChildren(...rows);
  }

  /** @param {DeckFeed} feed */
  #showFeed(feed) {
    const section = this.#page.querySelector(`[data-feed="${CSS.escape(feed.feed)}"]`);
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
    this.#rows.get(id)?.remove();
    this.#rows.delete(id);
  }

  /** @param {Event} event */
  #click({target}) {
    const button = target instanceof Element ? target.closest("button[data-connection]") : null;
    if (!(button instanceof HTMLElement)) return;
    this.ondisconnect(button.dataset.user ?? "", button.dataset.connection ?? "");
  }
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

/** @param {string} name */
function sentence(name) {
  return name.charAt(0).toUpperCase() + name.slice(1).toLowerCase().replaceAll("_", "-");
}

/** @param {number | null} ms */
function ago(ms) {
  if (ms === null) return "–";
  if (ms < 1000) return `${whole.format(ms)} ms`;
  return ms < 90_000 ? `${fine.format(ms / 1000)} s` : `${whole.format(ms / 60_000)} min`;
}
