/** The day of an instrument as a line: its points, and the drawing. */

import {DayLine} from "/static/js/screen/watchlist/day_line.js";
import {each, equal, ok, randomOf, test} from "../../harness.js";

const DAY = 20_000 * 86_400_000;
const at = (minute, seconds = 0) => DAY + minute * 60_000 + seconds * 1_000;
const lineOf = (points) => new DayLine({day: DAY, t: points.map(([t]) => t), c: points.map(([, c]) => c)});
const FRAME = {width: 105, height: 25, close: null};
const numbersIn = (path) => [...path.matchAll(/-?[\d.]+/g)].map(Number);

test("a minute has one point, and a later one is added", () => {
  const line = lineOf([[570, 10], [571, 11]]);
  line.add(at(571, 30), 12);
  line.add(at(571, 59), 13);
  line.add(at(575), 9);
  equal(line.points, [[570, 10], [571, 13], [575, 9]]);
});

test("another day begins a new line", () =>
  each([at(1440), at(-1440)], (moment) => {
    const line = lineOf([[570, 10], [571, 11]]);
    line.add(moment, 20);
    equal(line.points, [[0, 20]]);
  }));

test("a day without prices begins with the first", () => {
  const line = lineOf([]);
  equal(line.draw(FRAME), null);
  line.add(at(600), 5);
  equal([line.points, line.draw(FRAME).direction], [[[600, 5]], "flat"]);
});

test("a line of many points keeps the first and the newest", () => {
  const line = lineOf([]);
  for (let minute = 0; minute < 1440; minute += 1) line.add(at(minute), minute);
  const points = line.points;
  ok(points.length <= 240 && points.length >= 100, () => `${points.length} points`);
  equal(points.at(-1), [1439, 1439]);
  ok(points[0][0] < 60, () => `the first is ${points[0]}`);
  equal([...points].sort((a, b) => a[0] - b[0]), points);
});

test("the line runs from edge to edge, and the previous close lies among the prices", () => {
  const drawing = lineOf([[0, 10], [50, 20], [100, 15]]).draw({...FRAME, close: 10});
  equal([drawing.line, drawing.close], ["M0 22.5L50 2.5L100 12.5", "M0 22.5H105"]);
  equal(lineOf([[0, 10], [100, 20]]).draw({...FRAME, close: 30}).line, "M0 22.5L100 12.5");
});

test("the direction is that from the previous close, else from the first price", () =>
  each([[12, "up"], [15, "flat"], [16, "down"], [null, "up"]], ([close, direction]) => {
    equal(lineOf([[0, 14], [1, 15]]).draw({...FRAME, close}).direction, direction);
  }));

test("each direction has a mark of another shape", () => {
  const ends = [14, 15, 16].map((close) => lineOf([[0, 15], [1, 15]]).draw({...FRAME, close}).end.replace(/[\d.-]+/g, "").replaceAll(" ", ""));
  equal(new Set(lineOf([[0, 1]]).draw(FRAME).end.replace(/[^A-Z]/g, "")), new Set("MHVHZ"));
  equal(ends, ["MHLZ", "MHVHZ", "MHLZ"]);
  const [up, down] = [14, 16].map((close) => numbersIn(lineOf([[0, 15], [1, 15]]).draw({...FRAME, close}).end));
  ok(up[1] > up.at(-1) && down[1] < down.at(-1), "the triangles point to the same side");
});

test("whatever the prices, the line stays in its frame", () => {
  const random = randomOf(3);
  for (let round = 0; round < 200; round += 1) {
    const points = Array.from({length: 1 + Math.floor(random() * 30)}, (_, minute) => [minute * 7, random() * 100]);
    const close = random() < 0.5 ? null : random() * 100;
    const {line, close: level, end} = lineOf(points).draw({...FRAME, close});
    for (const path of [line, level, end]) {
      ok(numbersIn(path).every((number) => number >= 0 && number <= 105), () => path);
      ok(!/NaN|Infinity/.test(path), () => path);
    }
  }
});

test("a price that is no number is left out", () => {
  equal(new DayLine({day: DAY, t: [1, 2, 3], c: [5, NaN]}).points, [[1, 5]]);
});
