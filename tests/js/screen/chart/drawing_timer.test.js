/** When a chart is drawn: with a rest between pictures, or at once. */

import {DrawingTimer} from "/static/js/screen/chart/drawing_timer.js";
import {equal, test} from "../../harness.js";
import {stopped} from "../../stopped_time.js";

const REST_MS = 200;

/** Run a check with a timer whose time stands still, and a function that says how often it has drawn. */
const still = (check) => () => stopped(async (clock) => {
  let pictures = 0;
  await check(clock, new DrawingTimer({draw: () => { pictures += 1; }, rest_ms: () => REST_MS}), () => pictures);
});

test("many changes are one picture, and the next one comes after the rest", still(async (clock, drawing, pictures) => {
  drawing.soon();
  drawing.soon();
  equal(pictures(), 0);
  await clock.pass(0);
  equal(pictures(), 1);
  drawing.soon();
  await clock.pass(REST_MS - 1);
  drawing.soon();
  equal(pictures(), 1);
  await clock.pass(1);
  equal(pictures(), 2);
  await clock.pass(10 * REST_MS);
  equal(pictures(), 2);
}));

test("a choice is drawn in the next task, once, and the rest begins with it", still(async (clock, drawing, pictures) => {
  drawing.soon();
  await clock.pass(0);
  drawing.soon();
  await clock.pass(1);
  drawing.atOnce();
  drawing.atOnce();
  equal(pictures(), 1);
  await clock.pass(0);
  equal(pictures(), 2);
  drawing.soon();
  await clock.pass(REST_MS - 1);
  equal(pictures(), 2);
  await clock.pass(1);
  equal(pictures(), 3);
}));

test("a picture that fails is not tried again without a rest", () => stopped(async (clock) => {
  let tries = 0;
  const drawing = new DrawingTimer({draw: () => { tries += 1; throw new Error("no picture"); }, rest_ms: () => REST_MS});
  drawing.soon();
  await clock.pass(0).catch(() => undefined);
  drawing.soon();
  await clock.pass(REST_MS - 1);
  equal(tries, 1);
}));
