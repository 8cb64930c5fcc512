/** Numbers and times as text. */

import {age, bytes, change, count, dateIn, digitsOf, percent, price, timeIn, volume} from "/static/js/format.js";
import {each, equal, test} from "./harness.js";

test("a price has its decimals, a change its sign, and what is missing is not 0", () => {
  equal([price(1204.5, 2), price(-3, 0), price(0, 2), price(1, 20)], ["1,204.50", "−3", "0.00", "1.000000000000"]);
  equal([change(1.25, 2), change(-0.4, 2), change(0, 2), percent(1.25)], ["+1.25", "−0.40", "0.00", "+1.25%"]);
  equal([null, undefined, NaN, Infinity].flatMap((value) => [price(value, 2), percent(value), volume(value), count(value)]),
    Array(16).fill("–"));
  equal([digitsOf({d: 4}), digitsOf({d: 0}), digitsOf(undefined)], [4, 0, 2]);
});

test("a volume is short from a thousand on", () =>
  each([[0, "0"], [999, "999"], [1_000, "1.00K"], [999_999, "1,000.00K"], [1_000_000, "1.00M"], [2.5e9, "2.50B"]], ([value, text]) => {
    equal(volume(value), text);
  }));

test("bytes have the unit that fits", () =>
  each([[999, "999 B"], [1_000, "1.0 kB"], [999_949, "999.9 kB"], [1_000_000, "1.00 MB"]], ([value, text]) => {
    equal(bytes(value), text);
  }));

test("a span of time has the unit that fits", () =>
  each([
    [-5, "0.0 s"], [400, "0.4 s"], [9_940, "9.9 s"], [9_950, "10 s"], [99_499, "99 s"], [99_500, "2 min"], [5_399_000, "90 min"],
    [5_400_000, "2 h"], [null, "–"], [Infinity, "–"],
  ], ([span_ms, text]) => {
    equal(age(span_ms), text);
  }));

test("a time is that of its zone", () => {
  const at_ms = Date.UTC(2026, 2, 9, 23, 30);
  equal([timeIn(at_ms, "UTC"), dateIn(at_ms, "UTC")], ["23:30", "9 Mar"]);
  equal([timeIn(at_ms, "Asia/Tokyo"), dateIn(at_ms, "Asia/Tokyo")], ["08:30", "10 Mar"]);
});
