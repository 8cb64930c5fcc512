/** The table has the newest bars, and the file has all of them. */

import {make} from "/static/js/dom.js";
import {barsFile, fillTable, save} from "/static/js/screen/chart/bars_table.js";
import {ExchangeTimes} from "/static/js/screen/chart/days.js";
import {equal, test} from "../../harness.js";
import {stopped} from "../../stopped_time.js";

const FACTS = {times: new ExchangeTimes(""), interval: "1m", digits: 1};
const bar = (index, more = {}) => ({s: "A", iv: "1m", t: 60_000 * index, o: 1, h: 4, l: 0.5, c: 2, v: 1_000 + index, n: index, ...more});
const texts = (row) => [...row.children].map(({textContent}) => textContent);

test("the newest bar is the first row, and a bar that has ended is marked", () => {
  const table = make("table");
  fillTable(table, [bar(1, {closed: true}), bar(2)], FACTS);
  const [newest, older] = table.tBodies[0].rows;
  equal(texts(newest), ["1 Jan, 00:02", "1.0", "4.0", "0.5", "2.0", "1,002", "2"]);
  equal([newest.dataset.t, "closed" in newest.dataset, "closed" in older.dataset], ["120000", false, true]);
  equal([...newest.children].map(({tagName, scope}) => tagName + (scope ?? "")).slice(0, 2), ["THrow", "TD"]);
});

test("the table has one head and the newest hundred bars, however often it is filled", () => {
  const table = make("table");
  const bars = Array.from({length: 101}, (_, index) => bar(index));
  fillTable(table, bars.slice(0, 3), FACTS);
  fillTable(table, bars, FACTS);
  equal([table.tHead.rows.length, table.tBodies.length, table.tBodies[0].rows.length], [1, 1, 100]);
  equal(texts(table.tHead.rows[0]), ["Time", "Open", "High", "Low", "Close", "Volume", "Trades"]);
  equal([table.tBodies[0].rows[0].dataset.t, table.tBodies[0].rows[99].dataset.t], ["6000000", "60000"]);
});

test("a file has all bars, the oldest first, and ends its last line", () => {
  equal(barsFile([bar(0), bar(1, {c: 0.000012})]),
    "time,open,high,low,close,volume,trades\n1970-01-01T00:00:00.000Z,1,4,0.5,2,1000,0\n1970-01-01T00:01:00.000Z,1,4,0.5,0.000012,1001,1\n");
  equal(barsFile([]), "time,open,high,low,close,volume,trades\n");
});

test("a file is saved by its name, and its memory is given back when the browser has read it", () => stopped(async (clock) => {
  const [create, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
  const seen = [];
  const click = (event) => {
    event.preventDefault();
    seen.push(`click ${event.target.download} ${event.target.getAttribute("href")}`);
  };
  document.addEventListener("click", click);
  URL.createObjectURL = (content) => `blob:${content.size}`;
  URL.revokeObjectURL = (url) => seen.push(`revoke ${url}`);
  try {
    save(new Blob(["abc"]), "a.csv");
    await clock.pass(5_000);
    equal([seen, document.querySelector("a[download]")], [["click a.csv blob:3"], null]);
    await clock.pass(60_000);
    equal(seen, ["click a.csv blob:3", "revoke blob:3"]);
  } finally {
    document.removeEventListener("click", click);
    [URL.createObjectURL, URL.revokeObjectURL] = [create, revoke];
  }
}));
