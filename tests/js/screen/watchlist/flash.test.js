/** The light of a cell: which way, how long, and not too often. */

import {make} from "/static/js/dom.js";
import {Flasher} from "/static/js/screen/watchlist/flash.js";
import {equal, test} from "../../harness.js";
import {stopped} from "../../stopped_time.js";

const lit = (cell) => [...cell.classList];

/** Light cells while time stands still. */
const lighting = (check) => stopped(async (clock) => {
  const began_ms = performance.now();
  await check({flasher: new Flasher(), cell: make("td"), other: make("td"), at: (now_ms) => began_ms + now_ms, clock});
});

test("a cell is lit the way that its value went", () => lighting(({flasher, cell, other, at}) => {
  flasher.start(cell, true, at(0));
  flasher.start(other, false, at(0));
  equal([lit(cell), lit(other)], [["flash-up"], ["flash-down"]]);
}));

test("a cell is lit again after 400 ms, and then the other way if need be", () => lighting(({flasher, cell, at}) => {
  flasher.start(cell, true, at(0));
  flasher.start(cell, false, at(399));
  equal(lit(cell), ["flash-up"]);
  flasher.start(cell, false, at(400));
  equal(lit(cell), ["flash-down"]);
}));

test("a paint puts out what was lit for 350 ms, and no younger light", () => lighting(({flasher, cell, other, at}) => {
  flasher.start(cell, true, at(0));
  flasher.start(other, true, at(100));
  flasher.sweep(at(349));
  equal(lit(cell), ["flash-up"]);
  flasher.sweep(at(350));
  equal([lit(cell), lit(other)], [[], ["flash-up"]]);
  flasher.sweep(at(450));
  equal(lit(other), []);
}));

test("without a paint the light goes out a moment later", () => lighting(async ({flasher, cell, other, at, clock}) => {
  flasher.start(cell, true, at(0));
  await clock.pass(200);
  flasher.start(other, true, at(200));
  await clock.pass(249);
  equal(lit(cell), ["flash-up"]);
  await clock.pass(1);
  equal([lit(cell), lit(other)], [[], ["flash-up"]]);
  await clock.pass(199);
  equal(lit(other), ["flash-up"]);
  await clock.pass(1);
  equal(lit(other), []);
}));

test("a light after the last one went out has its own timer", () => lighting(async ({flasher, cell, at, clock}) => {
  flasher.start(cell, true, at(0));
  await clock.pass(1_000);
  flasher.start(cell, true, at(1_000));
  equal(lit(cell), ["flash-up"]);
  await clock.pass(450);
  equal(lit(cell), []);
}));
