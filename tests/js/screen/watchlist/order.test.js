/** The order of the lines: what a click on a column's head does, and how lines are sorted. */

import {Order} from "/static/js/screen/watchlist/order.js";
import {equal, test} from "../../harness.js";

/** Rows by symbol: last price and previous close. */
const ROWS = {A: {p: 10, pc: 10}, B: {p: 30, pc: 40}, C: {p: null, pc: 5}, D: {p: 20, pc: 10}, E: {p: 10, pc: 8}};
const sorted = (order, symbols = "CABDEF") => order.sort([...symbols], (symbol) => ROWS[symbol]).join("");

function turned(...keys) {
  const order = new Order();
  for (const key of keys) order.turn(key);
  return order;
}

test("a column turns from descending to ascending to the person's own order", () => {
  const order = new Order();
  const words = [];
  for (let click = 0; click < 4; click += 1) {
    order.turn("last");
    words.push(order.word);
  }
  equal(words, ["-last", "last", "", "-last"]);
});

test("symbols begin with the alphabet", () => {
  equal(turned("symbol").word, "symbol");
  equal(turned("symbol", "symbol").word, "-symbol");
  equal(sorted(turned("symbol")), "ABCDEF");
  equal(sorted(turned("symbol", "symbol")), "FEDCBA");
});

test("another column begins with its own first direction", () => {
  equal(turned("last", "last", "change_percent").word, "-change_percent");
});

test("lines without a value come last, and equal ones keep the person's order", () => {
  equal(sorted(turned("last")), "BDAECF");
  equal(sorted(turned("last", "last")), "AEDBCF");
  equal(sorted(turned("change_percent")), "DEABCF");
  equal(sorted(new Order()), "CABDEF");
});

test("an order is remembered as a word, and an unknown word is none", () => {
  const order = new Order();
  order.word = "-volume";
  equal([order.key, order.direction, order.word], ["volume", "descending", "-volume"]);
  order.word = "-nonsense";
  equal([order.key, order.word, order.isLive], [null, "", false]);
});
