// @ts-check
/**
 * Says whether the screen shows the market as it is now: by a badge, a banner, and a grey table when it does not.
 * Must not know the network: it gets the state of the connection by name.
 */

import {byId, find, hide, write} from "../../dom.js";
import {age, moment, time} from "../../format.js";
import {steadyNow} from "../../steady_clock.js";

/**
 * @typedef {{
 *   name: string, transport: string, pinned: string, reason: string, retry_at_ms: number | null,
 *   heard_at_ms: number | null, market_silent_since_ms: number | null,
 * }} ShownState
 * @typedef {{label: string, verb: string, text: (state: ShownState) => string}} Wording
 */

/** @type {Wording} */
const CONNECTING = Object.freeze({label: "Connecting", verb: "", text: () => ""});

/** The label of the badge, the text of the banner, and the verb on its button. @type {Record<string, Wording>} */
const WORDINGS = Object.freeze({
  closed: {label: "Closed", verb: "", text: () => ""},
  connecting: CONNECTING,
  live: {label: "Live", verb: "", text: () => ""},
  stale: {label: "Stale", verb: "", text: silence},
  paused: {label: "Paused", verb: "Resume", text: () => "Prices are paused. Status and notifications still arrive."},
  reconnecting: {label: "Reconnecting", verb: "Try now", text: (state) => `${loss(state)} ${standstill(state)}`},
  offline: {label: "Offline", verb: "Try now", text: (state) => `You are offline. ${standstill(state)}`},
  signed_out: {label: "Signed out", verb: "", text: () => "You are signed out."},
  stopped: {label: "Stopped", verb: "Try again", text: ({reason}) => `The server ended the connection: ${reason}.`},
});

/** States in which prices must not look live. */
const NOT_LIVE = Object.freeze(["stale", "reconnecting", "offline", "signed_out", "stopped"]);

/** @param {ShownState} state */
function since({heard_at_ms}) {
  return heard_at_ms === null ? "the page load" : time(heard_at_ms);
}

/** @param {ShownState} state */
function silence(state) {
  const {market_silent_since_ms: silent_ms} = state;
  if (silent_ms !== null) return `The market\u2019s feed has been silent since ${time(silent_ms)}. Prices may be old.`;
  return `Nothing heard since ${since(state)}. Prices may be old.`;
}

/** A pinned transport has no other to fall back to. @param {ShownState} state */
function loss({pinned, reason}) {
  const why = reason ? `: ${reason}` : "";
  return pinned ? `${pinned} is pinned and does not work${why}.` : "Connection lost.";
}

/** @param {ShownState} state */
function standstill(state) {
  const left_s = Math.ceil(((state.retry_at_ms ?? 0) - steadyNow()) / 1000);
  const next = left_s > 0 ? `Trying again in ${left_s} s.` : "Connecting\u2026";
  return `Prices as of ${since(state)}. ${next}`;
}

export class ConnectionStatus {
  #badge = byId("link-badge");
  #label = find(this.#badge, "[data-part=label]");
  #banner = byId("link-banner");
  #text = find(this.#banner, "[data-part=text]");
  #button = find(this.#banner, "button");
  #note = byId("link-note");
  #announce;
  /** @type {ShownState} */
  #state = {
    name: "connecting", transport: "", pinned: "", reason: "",
    retry_at_ms: null, heard_at_ms: null, market_silent_since_ms: null,
  };

  /**
   * @param {{announce: (text: string) => void, onact: (state: string) => void}} options `onact`: the
   *   banner's button was pressed in this state.
   */
  constructor({announce, onact}) {
    this.#announce = announce;
    this.#button.addEventListener("click", () => onact(this.#state.name));
  }

  /**
   * Show a new state of the connection.
   * @param {ShownState} state
   */
  show(state) {
    const isNew = state.name !== this.#state.name;
    this.#state = state;
    this.tick();
    if (!isNew) return;
    const {label} = wordingOf(state);
    document.body.dataset.link = state.name;
    document.body.classList.toggle("is-not-live", NOT_LIVE.includes(state.name));
    this.#announce(label);
  }

  /** Update the texts that depend on the time. */
  tick() {
    const {label, text, verb} = wordingOf(this.#state);
    write(this.#label, label);
    write(this.#text, text(this.#state));
    write(this.#button, verb);
    hide(this.#button, verb === "" || (verb === "Try now" && this.#state.retry_at_ms === null));
    hide(this.#banner, text(this.#state) === "");
  }

  /**
   * Say how a lost connection came back, and return that.
   * @param {{gap_ms: number, resumed: boolean}} recovery
   */
  recovered({gap_ms, resumed}) {
    const how = resumed ? "resumed, nothing missed" : "snapshot reloaded";
    const text = `Reconnected after ${age(gap_ms)}: ${how}`;
    write(this.#note, text);
    this.#note.title = moment(steadyNow());
    this.#note.hidden = false;
    this.#announce(text);
    return text;
  }
}

/** @param {ShownState} state */
function wordingOf({name}) {
  return WORDINGS[name] ?? CONNECTING;
}
