// @ts-check
/**
 * A list as a heat map of its sectors. The size of a tile is the volume, its colour the change; a sign says the change
 * without colours. The arrow keys go from tile to tile. The table of the list says the same in words, one press away.
 * Must not know the network.
 */

import {find, make, write} from "../../dom.js";
import {count, percent, volume} from "../../format.js";
import {tilesOf} from "./layout.js";
import {sectorsOf, shadeOf} from "./sectors.js";

/** @typedef {import("./sectors.js").Tile} Tile */
/** @typedef {import("./sectors.js").Sector} Sector */
/** @typedef {Parameters<typeof sectorsOf>[1]["facts"]} Facts */

/** More tiles would be too small to read, and take long to paint. */
const MOST = 400;
/** Tiles are placed anew this often, as moving tiles are hard to read. Their colours and numbers change at once. */
const MOVE_MS = 10_000;
/** Height of the name of a sector (px), and the gap between sectors. */
const HEAD = 18;
const GAP = 2;
/** From these sizes on (px) a tile has room for its symbol, and for its change. */
const ROOM = Object.freeze({width: 34, height: 16, moreWidth: 50, moreHeight: 32});

export class HeatMap {
  #panel;
  #place;
  #note;
  #facts;
  #onselect;
  /** @type {Map<string, HTMLElement>} */
  #tiles = new Map();
  /** @type {Map<string, HTMLElement>} */
  #heads = new Map();
  #moved_ms = -Infinity;
  /** What the places depend on. */
  #shown = "";
  #active = "";

  /**
   * @param {{panel: HTMLElement, facts: Facts, onselect: (symbol: string) => void}} options `onselect`: a tile was pressed
   */
  constructor({panel, facts, onselect}) {
    this.#panel = panel;
    this.#place = find(panel, "[data-part=tiles]");
    this.#note = find(panel, "[data-part=note]");
    this.#facts = facts;
    this.#onselect = onselect;
    this.#place.addEventListener("keydown", (event) => this.#onkeydown(event));
    this.#place.addEventListener("focusin", ({target}) => this.#activate(/** @type {HTMLElement} */ (target).dataset.symbol ?? ""));
    this.#place.addEventListener("click", ({target}) => {
      const tile = /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest("[data-symbol]"));
      if (tile?.dataset.symbol) this.#onselect(tile.dataset.symbol);
    });
  }

  /**
   * Show the list as it is now.
   * @param {readonly string[]} symbols
   * @param {number} now_ms
   */
  show(symbols, now_ms) {
    const sectors = sectorsOf(symbols, {facts: this.#facts, most: MOST});
    const tiles = sectors.flatMap((sector) => sector.tiles);
    this.#tell(tiles, symbols.length);
    const {width, height} = this.#place.getBoundingClientRect();
    const shown = `${Math.round(width)} ${Math.round(height)} ${tiles.map(({symbol}) => symbol).sort().join(" ")}`;
    const isDue = now_ms - this.#moved_ms >= MOVE_MS && !this.#place.matches(":hover, :focus-within");
    if (shown !== this.#shown || isDue) {
      this.#shown = shown;
      this.#moved_ms = now_ms;
      this.#arrange(sectors, {x: 0, y: 0, width, height});
    }
    for (const sector of sectors) this.#paint(sector);
  }

  // --- places -------------------------------------------------------------------------------
  /** @param {Sector[]} sectors @param {import("./layout.js").Area} whole */
  #arrange(sectors, whole) {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.symbol;
    const places = whole.width > 0 && whole.height > 0 ? tilesOf(sectors.map(({size}) => size), whole) : [];
    /** @type {Map<string, HTMLElement>} */
    const tiles = new Map();
    /** @type {Map<string, HTMLElement>} */
    const heads = new Map();
    const groups = sectors.map((sector, index) => {
      const {x, y, width, height} = places[index] ?? whole;
      const head = this.#heads.get(sector.name) ?? make("h3", {"class": "heat-sector"});
      heads.set(sector.name, head);
      put(head, {x: x + GAP, y: y + GAP, width: Math.max(0, width - 2 * GAP), height: HEAD});
      const inner = {x: x + GAP, y: y + GAP + HEAD, width: Math.max(1, width - 2 * GAP), height: Math.max(1, height - 2 * GAP - HEAD)};
      const areas = tilesOf(sector.tiles.map(({size}) => size), inner);
      const buttons = sector.tiles.map((tile, place) => {
        const button = this.#tiles.get(tile.symbol) ?? tileFor(tile);
        put(button, areas[place] ?? inner);
        tiles.set(tile.symbol, button);
        return button;
      });
      return make("div", {role: "group", "aria-label": sector.name}, head, ...buttons);
    });
    this.#tiles = tiles;
    this.#heads = heads;
    this.#place.replaceChildren(...groups);
    this.#activate(tiles.has(this.#active) ? this.#active : sectors[0]?.tiles[0]?.symbol ?? "");
    if (focused !== undefined) tiles.get(focused)?.focus({preventScroll: true});
  }

  // --- colours and numbers ------------------------------------------------------------------
  /** @param {Sector} sector */
  #paint({name, change, tiles}) {
    const head = this.#heads.get(name);
    if (head) write(head, `${name} ${percent(change)}`);
    for (const tile of tiles) {
      const button = this.#tiles.get(tile.symbol);
      if (!button) continue;
      const text = percent(tile.change);
      const shade = String(shadeOf(tile.change));
      if (button.dataset.shade !== shade) button.dataset.shade = shade;
      write(find(button, "[data-part=change]"), text);
      button.toggleAttribute("data-late", tile.delay > 0);
      const late = tile.delay > 0 ? `, ${tile.delay} min late` : "";
      const label = `${tile.symbol}, ${tile.name}, ${text}, volume ${volume(tile.volume)}${late}`;
      if (button.title === label) continue;
      button.title = label;
      button.setAttribute("aria-label", label);
    }
  }

  /** @param {Tile[]} tiles @param {number} all */
  #tell(tiles, all) {
    const shown = tiles.length;
    const isWaiting = shown === 0 && all > 0;
    const some = shown === all ? "" : `The ${count(shown)} with the most volume, of ${count(all)}. The table has all of them.`;
    const text = isWaiting ? "Waiting for prices…" : `${some} ${lateText(tiles)}`.trim();
    write(this.#note, text);
    this.#note.hidden = text === "";
    this.#panel.classList.toggle("is-empty", shown === 0);
  }

  // --- keys ---------------------------------------------------------------------------------
  /** Only one tile is reached with Tab. @param {string} symbol */
  #activate(symbol) {
    const before = this.#tiles.get(this.#active);
    if (before) before.tabIndex = -1;
    this.#active = symbol;
    const now = this.#tiles.get(symbol);
    if (now) now.tabIndex = 0;
  }

  /** @param {KeyboardEvent} event */
  #onkeydown(event) {
    const all = [...this.#tiles.values()];
    const at = all.findIndex((tile) => tile === document.activeElement);
    const to = {ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: all.length - 1}[event.key];
    if (at < 0 || to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    all[Math.min(all.length - 1, Math.max(0, to))]?.focus();
  }
}

/** Return how late the tiles are whose prices this person gets late, or "". @param {Tile[]} tiles */
function lateText(tiles) {
  const delays = [...new Set(tiles.map(({delay}) => delay))].filter((delay) => delay > 0).sort((a, b) => a - b);
  return delays.length ? `Tiles with a ring are ${delays.join(" or ")} min late.` : "";
}

/** @param {Tile} tile */
function tileFor({symbol}) {
  const parts = [make("span", {"class": "heat-symbol", translate: "no"}, symbol), make("span", {"class": "heat-change", "data-part": "change"})];
  return make("button", {type: "button", "class": "heat-tile", "data-symbol": symbol, tabindex: "-1"}, ...parts);
}

/** @param {HTMLElement} element @param {import("./layout.js").Area} area */
function put({style, dataset}, {x, y, width, height}) {
  style.left = `${x}px`;
  style.top = `${y}px`;
  style.width = `${width}px`;
  style.height = `${height}px`;
  const hasRoom = width >= ROOM.width && height >= ROOM.height;
  const hasMore = width >= ROOM.moreWidth && height >= ROOM.moreHeight;
  dataset.room = hasRoom ? (hasMore ? "all" : "symbol") : "none";
}
