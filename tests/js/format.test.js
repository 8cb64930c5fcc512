/** Numbers and times as text. */

import {
  age, bytes, change, count, dateIn, digitsOf, moment, paddings, percent, plain, price, quantity, size, time, timeIn, volume, writeTimesIn,
} from "/static/js/format.js";
import {each, equal, randomOf, test} from "./harness.js";

test("a price has its decimals, a change its sign, and what is missing is not 0", () => {
  equal([price(1204.5, 2), price(-3, 0), price(0, 2), price(1, 20)], ["1,204.50", "−3", "0.00", "1.000000000000"]);
  equal([change(1.25, 2), change(-0.4, 2), change(0, 2), percent(1.25)], ["+1.25", "−0.40", "0.00", "+1.25%"]);
  equal([null, undefined, NaN, Infinity].flatMap((value) => [price(value, 2), percent(value), volume(value), count(value)]),
    Array(16).fill("–"));
  equal([digitsOf({d: 4}), digitsOf({d: 0}), digitsOf(undefined)], [4, 0, 2]);
});

test("numbers are written as the browser's own format writes them", () => {
  const ends = ["4", "5", "49", "50", "95", "9995", "00049999", "99999999"];
  const awkward = [0, -0, 0.5, 1.005, 1.015, 8.345, 999.995, 9_999.5, 1e-7, 5e-9, 1e21, 123_456_789_012_345_680_000, 0.1 + 0.2];
  const random = randomOf(1);
  const drawn = Array.from({length: 3_000}, (_, index) => Number(`${Math.floor(10 ** (index % 11) * random())}.${Math.floor(1e4 * random())}${ends[index % ends.length]}`));
  const values = [...awkward, ...drawn].flatMap((value) => [value, -value]);
  const written = (value, options) => value.toLocaleString("en-US", options).replace("-", "\u2212");
  for (const places of [0, 1, 2, 4, 8, 12]) {
    const options = {minimumFractionDigits: places, maximumFractionDigits: places};
    equal(values.map((value) => price(value, places)), values.map((value) => written(value, options)));
    equal(values.map((value) => change(value, places)), values.map((value) => written(value, {...options, signDisplay: "exceptZero"})));
  }
  equal(values.map(size), values.map((value) => written(value, {maximumFractionDigits: 8})));
});

test("a page that writes prices makes no format of the browser's", async () => {
  const {NumberFormat, DateTimeFormat} = Intl;
  let made = 0;
  const counted = (kind) => new Proxy(kind, {construct: (target, given) => {
    made += 1;
    return new target(...given);
  }});
  Object.assign(Intl, {NumberFormat: counted(NumberFormat), DateTimeFormat: counted(DateTimeFormat)});
  try {
    // A module of its own, as the formats of the other one may be there.
    const fresh = await import("/static/js/format.js?fresh");
    fresh.writeTimesIn("Asia/Tokyo");
    equal([fresh.price(1204.5, 2), fresh.volume(1_234_567), fresh.size(0.25), fresh.percent(-0.125), made], ["1,204.50", "1.23M", "0.25", "\u22120.13%", 0]);
    equal([fresh.time(0), fresh.time(0), made], ["09:00:00", "09:00:00", 1]);
  } finally {
    Object.assign(Intl, {NumberFormat, DateTimeFormat});
  }
});

test("a volume is short from a thousand on", () =>
  each([[0, "0"], [999, "999"], [1_000, "1.00K"], [999_999, "1,000.00K"], [1_000_000, "1.00M"], [2.5e9, "2.50B"]], ([value, text]) => {
    equal(volume(value), text);
  }));

test("a size has the decimals that it needs", () =>
  each([[0.5, "0.5"], [1e-8, "0.00000001"], [1.5, "1.5"], [0.1 + 0.2, "0.3"], [1200, "1,200"], [12345678.12345678, "12,345,678.12345678"], [null, "–"]],
    ([value, text]) => {
      equal(size(value), text);
    }));

test("small volumes keep their decimals, and a size of fractions counts units", () => {
  equal([volume(0.5), volume(0.00012), volume(1234.5)], ["0.5", "0.00012", "1.23K"]);
  equal([quantity(12_345, undefined), quantity(0.5, {lot: 0.1})], ["12,345 shares", "0.5 units"]);
});

test("numbers of a file have no exponent", () => {
  equal([1e-8, 1.2e-7, 0.5, 100, 12345678.12345678].map(plain), ["0.00000001", "0.00000012", "0.5", "100", "12345678.12345678"]);
});

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

test("numbers get room for the decimals that others have", () => {
  equal(paddings(["1,200", "0.25", "0.5"]), [".00", "", "0"]);
  equal(paddings(["1", "1,000", "–"]), ["", "", ""]);
  equal(paddings(["1.50", "0.00000001", "−2", "–"]), ["000000", "", ".00000000", ".00000000"]);
  equal(paddings([]), []);
});

test("times are written in the zone that is chosen, with its name where the day is said", () => {
  const at_ms = Date.UTC(2026, 2, 9, 14, 2, 11);
  equal([writeTimesIn("Asia/Tokyo"), time(at_ms), moment(at_ms)], [true, "23:02:11", "9 Mar, 23:02:11 GMT+9"]);
  equal([writeTimesIn("UTC"), writeTimesIn("UTC"), time(at_ms), moment(at_ms)], [true, false, "14:02:11", "9 Mar, 14:02:11 UTC"]);
  equal([writeTimesIn("Nowhere/Land"), time(at_ms) === (writeTimesIn(undefined), time(at_ms))], [true, true]);
  equal([writeTimesIn("UTC"), writeTimesIn(undefined), writeTimesIn(undefined)], [true, true, false]);
});
