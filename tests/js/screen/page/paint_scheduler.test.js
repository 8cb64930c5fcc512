/** Parts of a page are painted once per animation frame, with all that became dirty meanwhile. */

import {PaintScheduler} from "/static/js/screen/page/paint_scheduler.js";
import {equal, test} from "../../harness.js";

function planned() {
  const world = {requests: [], painted: []};
  world.scheduler = new PaintScheduler({request: (run) => world.requests.push(run)});
  world.part = (name) => ({paint: (keys, now_ms) => world.painted.push([name, [...keys], now_ms])});
  return world;
}

test("several touches make a single paint, and the next begins with nothing", () => {
  const {scheduler, requests, painted, part} = planned();
  const [table, tape] = [part("table"), part("tape")];
  scheduler.touch(table, ["A"]);
  scheduler.touch(tape);
  scheduler.touch(table, ["B", "A"]);
  equal([requests.length, painted], [1, []]);
  requests[0](16);
  equal(painted, [["table", ["A", "B"], 16], ["tape", [], 16]]);
  scheduler.touch(table, ["C"]);
  requests[1](32);
  equal([requests.length, painted.slice(2)], [2, [["table", ["C"], 32]]]);
});

test("what is touched while painting is painted with the next frame", () => {
  const {scheduler, requests} = planned();
  let times = 0;
  const part = {paint: () => {
    times += 1;
    if (times === 1) scheduler.touch(part);
  }};
  scheduler.touch(part);
  requests[0](16);
  equal([times, requests.length], [1, 2]);
  requests[1](32);
  equal([times, requests.length], [2, 2]);
});
