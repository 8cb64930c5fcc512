/** Lines of alerts are moved by pointer and keyboard, and nothing is changed by accident. */

import {make} from "/static/js/dom.js";
import {AlertLines} from "/static/js/screen/chart/alert_lines.js";
import {equal, settled, test} from "../../harness.js";

const LINE = {alert: 7, index: 0, kind: "above", price: 10.5};
/** A picture of 200 pixels: 20.00 is at the top, 0.00 at the bottom. */
const CHART = {height: 200, placeOf: (price) => 200 - 10 * price, priceAt: (y) => (200 - y) / 10};

async function opened({chart = CHART, lines = [LINE], isDone = true, firesAtOnce = false, answer = () => Promise.resolve(isDone)} = {}) {
  const [layer, home] = [make("div"), make("button", {})];
  document.body.append(layer, home);
  const [done, said, drawn] = [[], [], []];
  const service = {
    read: () => Promise.resolve(lines),
    move: (line, price) => {
      done.push(["move", line.alert, line.index, price]);
      return answer();
    },
    make: (symbol, kind, price) => {
      done.push(["make", symbol, kind, price]);
      if (!firesAtOnce) lines = [...lines, {alert: 8, index: 0, kind, price: Number(price)}];
      return Promise.resolve(isDone);
    },
  };
  const alerts = new AlertLines(layer, {
    service, chart: () => chart, announce: (text) => said.push(text), facts: () => ({digits: 2, tick: 0.05, last: 10}),
    onlines: () => drawn.push(alerts.lines.map(({price}) => price)), home,
  });
  alerts.show("NVX");
  await settled();
  const handle = () => layer.querySelector(".alert-line");
  return {
    alerts, layer, home, done, said, drawn, handle, offer: layer.querySelector(".alert-offer"),
    press: (key) => handle().dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true})),
    point: (kind, clientY) => handle().dispatchEvent(new PointerEvent(kind, {clientY, button: 0, pointerId: 1})),
    replace: (other) => { lines = other; },
  };
}

test("each alert has a handle that says what it waits for", async () => {
  const {handle, drawn} = await opened();
  equal([handle().textContent, handle().style.getPropertyValue("--at")], ["above 10.50", "95px"]);
  equal([handle().getAttribute("role"), handle().getAttribute("aria-label"), handle().getAttribute("aria-valuetext")], ["slider", "Alert above", "10.50"]);
  equal(drawn.at(-1), [10.5]);
});

test("without alerts, a chart that draws is not asked how high it is", async () => {
  const asked = [];
  const chart = {...CHART, get height() { return asked.push("height") && 200; }};
  const {alerts} = await opened({chart, lines: []});
  alerts.place();
  equal(asked, []);
  await opened({chart});
  equal(asked.length > 0, true);
});

test("arrow keys move a line, and Enter changes the alert once", async () => {
  const {handle, press, done, drawn, said} = await opened();
  press("ArrowUp");
  press("ArrowUp");
  equal([handle().textContent, done, drawn.at(-1)], ["above 10.60", [], [10.6]]);
  press("Enter");
  press("Enter");
  await settled();
  equal([done, said], [[["move", 7, 0, "10.60"]], ["The alert waits for 10.60"]]);
});

test("leaving a line keeps its move, and Escape takes it back", async () => {
  const {handle, press, done} = await opened();
  press("PageDown");
  equal(handle().textContent, "above 10.40");
  press("Escape");
  equal(handle().textContent, "above 10.50");
  handle().dispatchEvent(new FocusEvent("blur"));
  equal(done, []);
  press("ArrowDown");
  handle().dispatchEvent(new FocusEvent("blur"));
  equal(done, [["move", 7, 0, "10.45"]]);
});

test("a move that begins while another is stored goes on", async () => {
  const {handle, press, done} = await opened();
  press("ArrowUp");
  press("Enter");
  press("ArrowUp");
  await settled();
  equal(handle().textContent, "above 10.60");
  press("Enter");
  await settled();
  equal(done, [["move", 7, 0, "10.55"], ["move", 7, 0, "10.60"]]);
});

test("the answer to a move does not take the next one back", async () => {
  const answers = [];
  const {handle, press, done} = await opened({answer: () => new Promise((resolve) => answers.push(resolve))});
  const store = async (...keys) => { keys.forEach(press); press("Enter"); await settled(); };
  await store("ArrowUp");
  await store("ArrowUp");
  answers.shift()(true);
  await settled();
  equal(handle().textContent, "above 10.60");
  await store("ArrowDown", "ArrowDown"); // where the alert was before both moves
  while (answers.length) answers.shift()(true);
  await settled();
  equal(done.map(([, , , price]) => price), ["10.55", "10.60", "10.50"]);
  equal(handle().textContent, "above 10.50");
});

test("a line is dragged to a price of the tick, and a click moves nothing", async () => {
  const {handle, point, done} = await opened();
  handle().setPointerCapture = () => {};
  point("pointerdown", 300);
  point("pointermove", 300);
  point("pointerup", 300);
  equal(done, []);
  point("pointerdown", 300);
  point("pointermove", 285.3);
  equal(handle().textContent, "above 11.95");
  point("pointerup", 285.3);
  await settled();
  equal(done, [["move", 7, 0, "11.95"]]);
});

test("a drag that the browser cancels, and one that was refused, change nothing", async () => {
  const {handle, point, done} = await opened({isDone: false});
  handle().setPointerCapture = () => {};
  point("pointerdown", 300);
  point("pointermove", 250);
  point("pointercancel", 250);
  equal([handle().textContent, done], ["above 10.50", []]);
  point("pointerdown", 300);
  point("pointermove", 250);
  point("pointerup", 250);
  await settled();
  equal([handle().textContent, done.length], ["above 10.50", 1]);
});

test("an alert that fires while its line is moved is not set again", async () => {
  const {alerts, layer, press, done, replace, drawn} = await opened();
  press("ArrowUp");
  replace([]);
  alerts.renew();
  await settled();
  equal([layer.querySelectorAll(".alert-line").length, done, drawn.at(-1)], [0, [], []]);
});

test("a place of the chart offers an alert on the right side of the last price", async () => {
  const {alerts, offer, done, layer} = await opened();
  equal(offer.hidden, true);
  alerts.offer(120);
  equal([offer.hidden, offer.textContent], [false, "Alert below 8.00"]);
  offer.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape"}));
  equal([offer.hidden, done], [true, []]);
  alerts.offerLast();
  equal(offer.textContent, "Alert above 10.00");
  alerts.offer(79.9);
  offer.click();
  await settled();
  equal([done, offer.hidden], [[["make", "NVX", "above", "12.00"]], true]);
  equal(document.activeElement === layer.querySelectorAll(".alert-line")[1], true);
});

test("an alert that fires leaves its focus to the button of the chart", async () => {
  const {alerts, handle, home, replace} = await opened();
  handle().focus();
  alerts.renew();
  await settled();
  equal(document.activeElement === handle(), true);
  replace([]);
  alerts.renew();
  await settled();
  equal(document.activeElement === home, true);
});

test("an alert that fires before its line is drawn leaves the focus to that button too", async () => {
  const {alerts, offer, home, done} = await opened({firesAtOnce: true});
  alerts.offerLast();
  offer.click();
  await settled();
  equal([done.length, document.activeElement === home], [1, true]);
});

test("another instrument has no lines of this one, and none has no offer", async () => {
  const {alerts, layer, offer, replace} = await opened();
  replace([]);
  alerts.show("ORB");
  equal(layer.querySelectorAll(".alert-line").length, 0);
  alerts.show(null);
  alerts.offer(50);
  equal(offer.hidden, true);
});
