/** What the chart library is given: all bars or only the end, lines, marks, colours, and where the view goes. */

import {make} from "/static/js/dom.js";
import {ExchangeTimes} from "/static/js/screen/chart/days.js";
import {PriceChart, firstChange, shiftOf} from "/static/js/screen/chart/price_chart.js";
import {each, equal, ok, test} from "../../harness.js";
import {fakeLibrary} from "./fake_library.js";

const bar = (t, c = 1) => ({s: "A", iv: "1m", t, o: 1, h: 1, l: 1, c, v: 1, n: 1});
const [A, B, C, D] = [bar(0), bar(60), bar(120), bar(180)];

test("only the end is drawn while bars follow", () => each([
  [[A, B, C], [A, B, C], 2], [[A, B, C], [A, B, bar(120, 2)], 2], [[A, B, C], [A, B, bar(120, 2), D], 2],
  [[A], [A], 0], [[A], [bar(0, 2), B], 0],
], ([before, now, from]) => {
  equal(firstChange(before, now), from);
}));

test("an amended, a missing and an added bar draw all anew, wherever they stand", () => each([
  [[A, B, C], [bar(0, 9), B, C]], [[A, B, C, D], [A, bar(60, 9), C, D]], [[A, B, C], [A, C]], [[A, C, D], [A, B, C, D]], [[A, B], [A, C]], [[A, B], [A, C, D]], [[A, C], [A, B, C]], [[A, B], [B]], [[], [A]],
], ([before, now]) => {
  equal(firstChange(before, now), null);
}));

test("the view moves with the bars that are seen, when others come before them or drop out", () => each([
  ["older ones in front", [C, D], [A, B, C, D], 0.5, 2], ["and a new one behind", [B, C], [A, B, C, D], 0.5, 1],
  ["also while the newest is seen", [C], [A, B, C], 9, 2], ["the oldest drops out, the newest is not seen", [A, B, C], [B, C, D], 1, -1],
  ["with the newest the library goes on by itself", [A, B, C], [B, C, D], 5, 0],
  ["also when it is the last that is seen", [A, B, C], [B, C, D], 2, 0], ["nearly the newest", [A, B, C], [B, C, D], 1.9, -1],
  ["none of those before is left", [A, B], [C, D], 0.5, 0], ["an amended bar moves nothing", [A, B, C], [A, bar(60, 9), C], 1, 0],
  ["no bars before", [], [A], 0, 0], ["no bars now", [A], [], 0, 0],
], ([name, before, now, to, shift]) => {
  equal(shiftOf(before, now, {to}), shift, name);
}));

// --- a chart whose library draws nothing ----------------------------------------------------
const MINUTE = 60_000;
const DAY = 86_400_000;
const COLOURS = {"up": "rgb(0, 1, 0)", "down": "rgb(1, 0, 0)", "accent": "rgb(2, 2, 2)", "amber": "rgb(3, 3, 3)", "muted": "rgb(4, 4, 4)", "line-strong": "rgb(5, 5, 5)", "chart-fast": "rgb(6, 6, 6)"};
const at = (t, o = 1, c = 2, more = {}) => ({s: "A", iv: "1m", t, o, h: 9, l: 1, c, v: 10, n: 1, ...more});
const minutes = (count, from = 0) => Array.from({length: count}, (_, index) => at((from + index) * MINUTE));
const TIMES = new ExchangeTimes("");
const pictureOf = (bars, more = {}) => ({symbol: "A", bars, interval: "1m", kind: "candles", times: TIMES, digits: 2, tick: 0.05, previousClose: null, marks: [], ...more});

/** A chart on the page, and what happens on it. */
function charted() {
  document.querySelector("#chart-of-tests")?.remove();
  const element = make("div", {id: "chart-of-tests"});
  for (const [name, colour] of Object.entries(COLOURS)) element.style.setProperty(`--${name}`, colour);
  document.body.append(element);
  const fake = fakeLibrary();
  const heard = [];
  const note = (name) => (...values) => heard.push([name, ...values].join(" "));
  const chart = new PriceChart(fake.library, element, {onpoint: note("point"), onpick: note("pick"), onview: note("view"), onhold: () => heard.push("hold"), onmove: note("move")});
  return {element, fake, chart, taken: () => heard.splice(0), show: (bars, more) => chart.show(pictureOf(bars, more)), draws: () => fake.series.map(({draws}) => draws.splice(0).join())};
}

test("bars are drawn as candles with their volume, in seconds", () => {
  const {show, fake} = charted();
  show([at(0, 1, 2), at(MINUTE, 3, 2, {v: 20}), at(2 * MINUTE, 2, 2)]);
  equal([fake.prices().kind, fake.prices().points.slice(0, 2)], ["candles", [{time: 0, open: 1, high: 9, low: 1, close: 2}, {time: 60, open: 3, high: 9, low: 1, close: 2}]]);
  equal(fake.volume().points, [{time: 0, value: 10, color: "rgba(0, 1, 0, 0.35)"}, {time: 60, value: 20, color: "rgba(1, 0, 0, 0.35)"}, {time: 120, value: 10, color: "rgba(0, 1, 0, 0.35)"}]);
  equal([fake.prices().options.priceFormat, fake.line("fast").options.priceFormat], Array(2).fill({type: "price", precision: 2, minMove: 0.05}));
});

test("only the prices have a label at their last value", () => {
  const {fake} = charted();
  const labels = fake.series.slice(0, 4).map(({options}) => [options.lastValueVisible, options.priceLineVisible]);
  equal([labels, fake.prices().options.lastValueVisible ?? true], [Array(4).fill([false, false]), true]);
});

test("only the end is given to the library while bars follow, and all with another picture", () => {
  const {show, draws} = charted();
  const bars = minutes(3);
  show(bars);
  equal(draws(), Array(5).fill("all 3"));
  show([...bars.slice(0, 2), at(2 * MINUTE, 1, 5), at(3 * MINUTE)]);
  equal(draws(), Array(5).fill("one 120,one 180"));
  for (const more of [{digits: 3}, {interval: "5m"}, {symbol: "B"}, {times: new ExchangeTimes("")}, {kind: "line"}]) {
    show(bars);
    draws();
    show(bars, more);
    equal(draws(), Array(5).fill("all 3"), JSON.stringify(more));
  }
  show(minutes(1), {kind: "line"});
  equal(draws(), Array(5).fill("all 1"));
});

test("another kind of picture takes the place of the former, with its lines of alerts", () => {
  const {show, chart, fake} = charted();
  show(minutes(2));
  chart.showPriceLines([{price: 7}, {price: 8}]);
  const candles = fake.prices();
  equal(candles.lines.map(({price}) => price), [7, 8]);
  show(minutes(2), {kind: "area"});
  equal([fake.prices().kind, fake.removed, fake.prices().points, fake.prices().lines.map(({price}) => price)], ["area", [candles], [{time: 0, value: 2}, {time: 60, value: 2}], [7, 8]]);
  chart.showPriceLines([{price: 9}]);
  equal(fake.prices().lines.map(({price}) => price), [9]);
  show(minutes(2), {kind: "line"});
  equal([fake.prices().kind, fake.prices().lines.length, fake.series.length], ["line", 1, 5]);
});

test("averages have a value where there are enough bars, and that of a day ends with it", () => {
  const {show, chart, fake} = charted();
  const days = [0, 1, DAY / MINUTE, DAY / MINUTE + 1, 2 * DAY / MINUTE].map((minute) => at(minute * MINUTE, 1, 2, {h: 2, l: 2}));
  show(days);
  equal(fake.line("vwap").points.map(({value, color}) => [value, color]), [[undefined, undefined], [undefined, undefined], [2, undefined], [2, "transparent"], [2, undefined]]);
  equal(chart.valuesAt(2), {vwap: 2, fast: null, slow: null, close: null});
  show(minutes(50), {interval: "5m", previousClose: 6.5});
  equal([18, 19, 48, 49].map((index) => chart.valuesAt(index)), [[null, null], [2, null], [2, null], [2, 2]].map(([fast, slow]) => ({vwap: null, fast, slow, close: 6.5})));
  equal([fake.line("fast").points[18], fake.line("fast").points[19]], [{time: 1_080}, {time: 1_140, value: 2}]);
  equal(chart.valuesAt(50).fast, null);
  show(days, {interval: "1s"});
  equal(chart.valuesAt(2).vwap, null, "of seconds only the newest are known");
  show(days, {interval: "1d"});
  equal(chart.valuesAt(2).vwap, null);
});

test("the close of the day before is a line, but not among days", () => {
  const {show, chart, fake} = charted();
  const lines = () => fake.prices().lines.map(({price}) => price);
  show(minutes(2), {previousClose: 5});
  const [first] = fake.prices().lines;
  show(minutes(2), {previousClose: 5});
  equal([lines(), fake.prices().lines[0] === first, chart.valuesAt(0).close], [[5], true, 5]);
  show(minutes(2), {previousClose: 6});
  equal(lines(), [6]);
  show(minutes(2), {previousClose: 6, kind: "line"});
  equal(lines(), [6]);
  show(minutes(2), {previousClose: 6, kind: "line", interval: "1d"});
  equal([lines(), chart.valuesAt(0).close], [[], null]);
  show(minutes(2), {previousClose: null});
  equal(lines(), []);
});

test("marks stand above or below their bars, the urgent ones larger and in another colour, and are set once", () => {
  const {show, fake} = charted();
  const marks = [{t: 0, text: "Open", isBelow: true, isUrgent: false}, {t: MINUTE, text: "Halt", isBelow: false, isUrgent: true}];
  show(minutes(2), {marks});
  equal(fake.prices().marks, [
    {time: 0, text: "Open", color: "rgb(4, 4, 4)", shape: "circle", position: "belowBar", size: 0.6},
    {time: 60, text: "Halt", color: "rgb(3, 3, 3)", shape: "square", position: "aboveBar", size: 1},
  ]);
  const {length} = fake.marks;
  show(minutes(2), {marks: [...marks]});
  equal(fake.marks.length, length);
  show(minutes(2), {marks, kind: "line"});
  equal(fake.prices().marks.length, 2, "the other series has them too");
  show(minutes(2), {marks: [], kind: "line"});
  equal(fake.prices().marks, []);
});

test("at first the newest bars are seen, 120 at most, with some room behind them", () => {
  const {show, chart, fake} = charted();
  const seen = (count, more) => {
    show(minutes(count), more);
    return fake.view;
  };
  equal([seen(10), seen(100, {symbol: "B"}), seen(200, {symbol: "C"})], [{from: -20, to: 14}, {from: 0, to: 104}, {from: 80, to: 204}]);
  fake.see({from: 50, to: 90});
  equal([seen(200, {symbol: "C"}), seen(200, {symbol: "C", interval: "5m"})], [{from: 50, to: 90}, {from: 80, to: 204}]);
  fake.see({from: 50, to: 90});
  chart.showNewest();
  equal(fake.view, {from: 80, to: 204});
  equal([seen(0, {symbol: "D"}), seen(40, {symbol: "D"})], [{from: -30, to: 4}, {from: 0, to: 44}]);
});

test("the front is near when fewer than twenty bars before those that are seen are left", () => {
  const {show, chart, fake} = charted();
  equal([chart.isAtFront, chart.lastSeen], [false, null]);
  show([]);
  equal(chart.isAtFront, false);
  show(minutes(200));
  equal([20, 19.9, -5].map((from) => {
    fake.see({from, to: from + 50});
    return chart.isAtFront;
  }), [false, true, true]);
  equal([199, 198.5, 199.5, 0.5, -3].map((to) => {
    fake.see({from: to - 10, to});
    return chart.lastSeen;
  }), [null, 198, null, 0, 0]);
});

test("the button leads most of a view to the left, to ten bars before the oldest at most", () => {
  const {show, chart, fake} = charted();
  chart.showOlder();
  equal(fake.views, []);
  show(minutes(300));
  equal([[200, 300], [50, 150], [-15, 85]].map(([from, to]) => {
    fake.see({from, to});
    chart.showOlder();
    return [fake.view.from, fake.view.to];
  }), [[120, 220], [-10, 90], [-15, 85]]);
});

test("the same bars are seen when older ones come before them, and nothing is moved by other pictures", () => {
  const {show, fake} = charted();
  show(minutes(100, 100));
  fake.see({from: 10, to: 60});
  fake.views.length = 0;
  show(minutes(150, 50));
  equal(fake.views, [{from: 60, to: 110}]);
  show(minutes(151, 50));
  show(minutes(151, 50), {kind: "line"});
  equal(fake.views, [{from: 60, to: 110}]);
});

test("it is said that other bars are seen once for each picture, and whenever somebody moves the view", () => {
  const {show, fake, taken} = charted();
  show(minutes(100, 100));
  taken();
  fake.see({from: 10, to: 60});
  equal(taken(), ["move"]);
  show(minutes(150, 50));
  equal(taken(), ["move"]);
});

test("what somebody does on the chart is handed on", () => {
  const {element, fake, taken, chart} = charted();
  fake.hears.click({point: {x: 5, y: 40}});
  fake.hears.click({});
  fake.hears.point({logical: 7, point: {x: 1, y: 1}});
  fake.hears.point({logical: 7});
  fake.hears.point({point: {x: 1, y: 1}});
  equal(taken(), ["pick 40", "point 7", "point ", "point "]);
  for (const kind of ["pointerdown", "wheel", "keydown"]) element.dispatchEvent(new Event(kind));
  equal(taken(), ["hold", "hold"]);
  // The library may keep what happens on its own elements to itself.
  const canvas = make("i", {});
  canvas.addEventListener("pointerdown", (event) => event.stopPropagation());
  element.append(canvas);
  canvas.dispatchEvent(new Event("pointerdown", {bubbles: true}));
  equal(taken(), ["hold"]);
  for (const primitive of fake.prices().primitives) primitive.updateAllViews?.();
  equal(taken(), ["view"]);
  element.style.height = "130px";
  equal([chart.height, chart.placeOf(30), chart.priceAt(20)], [100, 70, 80]);
  element.style.height = "10px";
  equal(chart.height, 0);
});

test("every second day is shaded faintly, and each day but the first begins with a line", () => {
  const {show, fake} = charted();
  const drawn = () => {
    const rectangles = [];
    const context = {fillRect: (x, y, width, height) => rectangles.push([context.fillStyle, x, y, width, height])};
    const [view] = fake.prices().primitives[0].paneViews();
    view.renderer().draw({useBitmapCoordinateSpace: (draw) => draw({context, bitmapSize: {width: 900, height: 50}, horizontalPixelRatio: 2})});
    return rectangles;
  };
  const days = [0, MINUTE, DAY, DAY + MINUTE, DAY + 2 * MINUTE, 2 * DAY, 2 * DAY + MINUTE].map((t) => at(t));
  show(days);
  equal(drawn(), [
    ["rgba(4, 4, 4, 0.06)", 30, 0, 60, 50], ["rgba(5, 5, 5, 0.7)", 30, 0, 2, 50], ["rgba(5, 5, 5, 0.7)", 90, 0, 2, 50],
  ]);
  show(days, {interval: "1d"});
  equal(drawn(), []);
});

test("other colours of the page are taken at once, and the view stays", () => {
  const {show, chart, element, fake, draws} = charted();
  chart.recolour();
  equal(fake.prices().draws, []);
  show(minutes(60), {previousClose: 5, marks: [{t: 0, text: "Halt", isBelow: false, isUrgent: true}]});
  chart.showPriceLines([{price: 7}]);
  fake.see({from: 10, to: 40});
  draws();
  for (const name of ["up", "accent", "amber", "muted", "chart-fast"]) element.style.setProperty(`--${name}`, "rgb(9, 9, 9)");
  chart.recolour();
  equal(draws(), Array(5).fill("all 60"));
  equal([fake.prices().options.upColor, fake.volume().points[0].color, fake.line("fast").options.color, fake.prices().marks[0].color], ["rgb(9, 9, 9)", "rgba(9, 9, 9, 0.35)", "rgb(9, 9, 9)", "rgb(9, 9, 9)"]);
  equal([fake.prices().lines.map(({price, color}) => [price, color]), fake.view], [[[7, "rgb(9, 9, 9)"], [5, "rgb(9, 9, 9)"]], {from: 10, to: 40}]);
});

/** All colours and shares in what the library was given. @param {unknown} value @returns {number[]} */
function opacitiesIn(value) {
  if (typeof value === "string") return [...value.matchAll(/rgba\(.*, ([\d.]+)\)/g)].map(([, share]) => Number(share));
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(opacitiesIn) : [];
}

test("prices and volume share the height, and faint colours are faint", () => {
  const {show, fake} = charted();
  show(minutes(3), {kind: "area"});
  const {top, bottom} = fake.options.rightPriceScale.scaleMargins;
  const [volume] = fake.applied.map(({scaleMargins}) => scaleMargins).filter(Boolean);
  ok(top >= 0 && 1 - bottom > top && volume.top >= 1 - bottom && volume.top + volume.bottom < 1 && volume.bottom >= 0, () => JSON.stringify([top, bottom, volume]));
  const opacities = opacitiesIn([fake.options, fake.prices().options]);
  ok(opacities.length >= 4 && opacities.every((share) => share > 0 && share < 1), () => opacities.join());
  equal([fake.options.handleScroll, fake.options.handleScale, fake.options.timeScale.secondsVisible, fake.options.timeScale.timeVisible],
    [{mouseWheel: false, vertTouchDrag: false}, {mouseWheel: false}, false, true]);
});

test("times are written by the exchange: dates below days, and clocks below times", () => {
  const {show, fake} = charted();
  show(minutes(3), {times: new ExchangeTimes("Asia/Tokyo")});
  const {localization, timeScale} = fake.applied.findLast((options) => options.localization);
  equal(localization.timeFormatter(1_000), "1 Jan, 09:16");
  equal([0, 1, 2, 3, 4].map((kind) => /:/.test(timeScale.tickMarkFormatter(1_000, kind))), [false, false, false, true, true]);
  equal([timeScale.tickMarkFormatter(1_000, 3), timeScale.tickMarkFormatter(1_000, 4)], ["09:16", "09:16:40"]);
});
