// @ts-check
/**
 * The form with the settings of the transport lab. It and the address always say the same.
 * Must not know the transports.
 */

import {byId} from "../../dom.js";
import {isSymbol, wordsIn} from "../../symbols.js";
import {askFor, asked} from "../page/settings.js";

/**
 * `users`: the number of users for which costs are computed. `max_rate`: updates per second.
 * @typedef {{symbols: string[], interval_s: number, max_rate: number, users: number}} LabSettings
 */

/** The limits of what people may ask for. */
const SYMBOLS = 50;
const LEAST_S = 0.25;
const MOST_S = 10;
const RATES = Object.freeze([1, 2, 5, 10, 15]);
/** The slider goes from 1 to 100,000 in steps of a hundredth of a decade. */
const DECADE = 100;
const MOST_USERS = 100_000;

export class LabForm {
  #symbols = /** @type {HTMLInputElement} */ (byId("lab-symbols"));
  #interval = /** @type {HTMLInputElement} */ (byId("lab-interval"));
  #rate = /** @type {HTMLSelectElement} */ (byId("lab-rate"));
  #users = /** @type {HTMLInputElement} */ (byId("lab-users"));
  #watchlist;
  /** @type {LabSettings} */
  #settings;

  /**
   * @param {{watchlist: string[], onchange: (settings: LabSettings, name: keyof LabSettings) => void}} options
   *   `watchlist`: the symbols to use when none are named
   */
  constructor({watchlist, onchange}) {
    this.#watchlist = watchlist;
    this.#settings = {
      symbols: symbolsOf(asked("symbols") ?? "", watchlist),
      interval_s: within(asked("interval"), LEAST_S, MOST_S, 2),
      max_rate: RATES.find((rate) => rate === Number(asked("rate"))) ?? 10,
      users: Math.round(within(asked("users"), 1, MOST_USERS, 1000)),
    };
    this.#show();
    this.#bind(this.#symbols, "symbols", "symbols", () => symbolsOf(this.#symbols.value, this.#watchlist), onchange);
    this.#bind(this.#interval, "interval_s", "interval", () => within(this.#interval.value, LEAST_S, MOST_S, 2), onchange);
    this.#bind(this.#rate, "max_rate", "rate", () => Number(this.#rate.value), onchange);
    this.#bind(this.#users, "users", "users", () => Math.round(10 ** (Number(this.#users.value) / DECADE)), onchange);
    this.#users.addEventListener("input", () => this.#users.dispatchEvent(new Event("change")));
    byId("lab-form").addEventListener("submit", (event) => event.preventDefault());
  }

  /** The current settings. */
  get settings() {
    return this.#settings;
  }

  /**
   * @param {HTMLElement} field
   * @param {keyof LabSettings} name
   * @param {string} key of the setting in the address
   * @param {() => string[] | number} read
   * @param {(settings: LabSettings, name: keyof LabSettings) => void} onchange
   */
  #bind(field, name, key, read, onchange) {
    field.addEventListener("change", () => {
      const value = read();
      this.#settings = {...this.#settings, [name]: value};
      askFor(key, String(value));
      this.#show();
      onchange(this.#settings, name);
    });
  }

  #show() {
    const {symbols, interval_s, max_rate, users} = this.#settings;
    this.#symbols.value = symbols.join(", ");
    this.#interval.value = String(interval_s);
    this.#rate.value = String(max_rate);
    this.#users.value = String(Math.round(Math.log10(users) * DECADE));
  }
}

/** @param {string} text @param {string[]} others */
function symbolsOf(text, others) {
  const symbols = wordsIn(text).filter(isSymbol).slice(0, SYMBOLS);
  return symbols.length ? symbols : others;
}

/** @param {string | null} text @param {number} least @param {number} most @param {number} otherwise */
function within(text, least, most, otherwise) {
  const value = text ? Number(text) : NaN;
  return Number.isFinite(value) ? Math.min(Math.max(value, least), most) : otherwise;
}
