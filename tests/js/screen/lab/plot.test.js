/** A plot of the last minute on a logarithmic scale. */

import {make} from "/static/js/dom.js";
import {Plot} from "/static/js/screen/lab/plot.js";
import {equal, near, test} from "../../harness.js";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [600, 240, 52, 84, 12, 24];

function shown(width = WIDTH) {
  const place = make("div");
  place.style.width = `${width}px`;
  document.body.append(place);
  const plot = new Plot(place, [{key: "sse", name: "SSE"}, {key: "poll", name: "Polling"}]);
  plot.draw();
  const svg = place.querySelector("svg");
  const of = (key) => {
    const [path, name] = [svg.querySelector(`path.plot-${key}`), svg.querySelector(`text.plot-${key}`)];
    const points = (path.getAttribute("d").match(/[\d.]+,[\d.]+/g) ?? []).map((pair) => pair.split(",").map(Number));
    return {points, isNamed: name.getAttribute("visibility") === "visible", x: Number(name.getAttribute("x")), y: Number(name.getAttribute("y"))};
  };
  const marks = () => [...svg.querySelectorAll(".plot-grid text")].map(({textContent}) => textContent);
  const add = (at_s, sse, poll = null) => plot.add({at_s, values: {sse, poll}});
  return {plot, svg, of, marks, add};
}

test("an empty plot has a scale, and no lines", () => {
  const {svg, of, marks} = shown();
  equal([svg.getAttribute("viewBox"), svg.getAttribute("height")], [`0 0 ${WIDTH} ${HEIGHT}`, String(HEIGHT)]);
  equal(marks(), ["10", "100", "1,000", "−60 s", "−45 s", "−30 s", "−15 s", "now"]);
  equal(["sse", "poll"].map((key) => [of(key).points, of(key).isNamed]), [[[], false], [[], false]]);
});

test("a plot has at least the least width", () => {
  equal(shown(100).svg.getAttribute("viewBox"), `0 0 240 ${HEIGHT}`);
});

test("time goes from the left to the right, and decades from the bottom to the top", () => {
  const {of, add, marks, svg} = shown();
  add(41, 10);
  add(70, 100);
  add(100, 1000);
  const bottom = HEIGHT - BOTTOM;
  const middle = (LEFT + WIDTH - RIGHT) / 2;
  equal(of("sse").points.slice(1), [[middle, (TOP + bottom) / 2], [WIDTH - RIGHT, TOP]]);
  equal(marks().slice(0, 3), ["10", "100", "1,000"]);
  const lines = [...svg.querySelectorAll(".plot-grid line")].map((line) => ["x1", "x2", "y1"].map((name) => Number(line.getAttribute(name))));
  equal([lines[0], lines.at(-1)], [[LEFT, WIDTH - RIGHT, bottom], [LEFT, WIDTH - RIGHT, TOP]]);
});

test("the scale is of whole decades around all values, one at least", () => {
  const {plot, add, marks} = shown();
  const decades = () => marks().slice(0, -5);
  add(1, 0.5, 30);
  equal(decades(), ["0.1", "1", "10", "100"]);
  plot.clear();
  add(2, 5);
  equal(decades(), ["1", "10"]);
  plot.clear();
  add(3, 0, -1);
  equal(decades(), ["10", "100", "1,000"]);
});

test("a point is forgotten after a minute, and a gap in the values is left out", () => {
  const {of, add} = shown();
  add(0, 10);
  add(1, null, 20);
  add(30, 20, 20);
  add(60, 30, 20);
  equal([of("sse").points.length, of("poll").points.length], [2, 3]);
  add(61, 30);
  equal([of("sse").points.length, of("poll").points.length], [3, 2]);
  near(of("sse").points[0][0], WIDTH - RIGHT - (31 / 60) * (WIDTH - LEFT - RIGHT), 1e-3);
});

test("a name stands at the end of its line, and names do not cover each other", () => {
  const {of, add} = shown();
  add(1, 100, 10);
  equal([of("sse").isNamed, of("poll").isNamed, of("sse").x], [true, true, WIDTH - RIGHT + 8]);
  equal([of("sse").y, of("poll").y], [TOP + 4, HEIGHT - BOTTOM + 4]);
  add(2, 50, 50);
  equal(Math.abs(of("sse").y - of("poll").y), 14);
  add(3, null, null);
  equal([of("sse").isNamed, of("poll").isNamed], [true, true]);
});

test("a line without a value takes no room from the names of others", () => {
  const {of, add} = shown();
  add(1, null, 100);
  equal([of("sse").isNamed, of("poll").isNamed], [false, true]);
  equal(of("poll").y, HEIGHT - BOTTOM + 4);
});

test("the values of the scale stand left of their lines, and the times below all of them", () => {
  const {svg} = shown();
  const texts = [...svg.querySelectorAll(".plot-grid text")].map((text) => ["x", "y", "text-anchor"].map((name) => text.getAttribute(name)));
  const lines = [...svg.querySelectorAll(".plot-grid line")].map((line) => ["x1", "y1", "x2", "y2"].map((name) => Number(line.getAttribute(name))));
  equal(lines, [[LEFT, 216, WIDTH - RIGHT, 216], [LEFT, 114, WIDTH - RIGHT, 114], [LEFT, TOP, WIDTH - RIGHT, TOP]]);
  equal(texts.slice(0, 3), [["44.0", "220.0", "end"], ["44.0", "118.0", "end"], ["44.0", "16.0", "end"]]);
  equal(texts.slice(3).map(([x, y, anchor]) => [Number(x), y, anchor]), [52, 168, 284, 400, 516].map((x) => [x, "234.0", "middle"]));
});
