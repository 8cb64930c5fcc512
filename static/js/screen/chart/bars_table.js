// @ts-check
/**
 * The bars as a table, for those who cannot see a picture, and as a file of comma-separated values.
 */

import {make} from "../../dom.js";
import {count, plain, price, size} from "../../format.js";

/** @typedef {import("../../wire/frames.js").Bar} Bar */
/** @typedef {import("./days.js").ExchangeTimes} ExchangeTimes */

/** The bars that the table has. */
export const ROWS = 100;
const COLUMNS = Object.freeze(["Time", "Open", "High", "Low", "Close", "Volume", "Trades"]);

/**
 * Fill a table with the newest bars, the newest first. All rows are made again.
 * @param {HTMLElement} table
 * @param {readonly Bar[]} bars
 * @param {{times: ExchangeTimes, interval: string, digits: number}} facts
 */
export function fillTable(table, bars, {times, interval, digits}) {
  const head = table.querySelector("thead") ?? table.appendChild(make("thead", {}, headRow()));
  const body = head.nextElementSibling ?? table.appendChild(make("tbody"));
  const rows = bars.slice(-ROWS).toReversed().map((bar) => {
    const texts = [times.text(bar.t, interval), ...[bar.o, bar.h, bar.l, bar.c].map((value) => price(value, digits)), size(bar.v), count(bar.n)];
    const amended = bar.rev ? {"data-rev": String(bar.rev), title: `Amended ${bar.rev}\u00d7: trades came late, were corrected or cancelled`} : {};
    return make("tr", {"data-t": String(bar.t), ...(bar.closed && {"data-closed": ""}), ...amended}, ...texts.map((text, index) =>
      index === 0 ? make("th", {scope: "row"}, text) : make("td", {}, text)));
  });
  body.replaceChildren(...rows);
}

function headRow() {
  return make("tr", {}, ...COLUMNS.map((name) => make("th", {scope: "col"}, name)));
}

/**
 * Return bars as a file: times in ISO 8601 (UTC), plain numbers. No cell can begin a formula, as all are numbers and times.
 * @param {readonly Bar[]} bars
 */
export function barsFile(bars) {
  const lines = bars.map(({t, o, h, l, c, v, n}) => [new Date(t).toISOString(), ...[o, h, l, c, v, n].map(plain)].join(","));
  return ["time,open,high,low,close,volume,trades", ...lines, ""].join("\n");
}

/**
 * Let the browser save a file.
 * @param {Blob} content
 * @param {string} name
 */
export function save(content, name) {
  const url = URL.createObjectURL(content);
  const link = make("a", {href: url, download: name});
  document.body.append(link);
  link.click();
  link.remove();
  // The browser reads the file after the click.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
