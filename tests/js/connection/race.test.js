/** The race of transports: head starts, the first that speaks, and what is said when none does. */

import {HEAD_START_MS, Race} from "/static/js/connection/race.js";
import {NamedTimers} from "/static/js/connection/timers.js";
import {ManualClock, each, equal, test} from "../harness.js";

function race(...keys) {
  const world = {clock: new ManualClock(), made: [], won: [], failed: []};
  const candidates = keys.map((key) => ({key, make: () => {
    const transport = {key, opened: 0, closed: 0, open: (positions) => { transport.opened += 1; transport.positions = positions; }, close: () => { transport.closed += 1; }};
    world.made.push(transport);
    return transport;
  }}));
  const positions = () => ({});
  world.race = new Race({
    candidates, positions, timers: new NamedTimers(world.clock), onwin: (candidate, transport) => world.won.push([candidate.key, transport.key]), onfail: (ending) => world.failed.push(ending),
  });
  world.race.begin();
  world.keys = () => world.made.map(({key}) => key);
  world.positions = positions;
  return world;
}

const lost = {code: 1006, reason: "lost", retry_ms: 0};

test("each transport has a head start of 1.2 seconds before the next", () => {
  const {clock, keys, made, positions} = race("a", "b", "c");
  equal([keys(), made[0].opened, made[0].positions === positions], [["a"], 1, true]);
  clock.advance(HEAD_START_MS - 1);
  equal(keys(), ["a"]);
  clock.advance(1);
  equal(keys(), ["a", "b"]);
  clock.advance(1_200);
  equal([keys(), HEAD_START_MS], [["a", "b", "c"], 1_200]);
});

test("the first that speaks wins, and all others are closed and no more are tried", () => {
  const {clock, made, keys, won, failed} = race("a", "b", "c");
  clock.advance(1_200);
  made[1].onopen();
  clock.advance(100_000);
  equal([won, keys(), made.map(({closed}) => closed), failed], [[["b", "b"]], ["a", "b"], [1, 0], []]);
});

test("a transport that fails gives way at once", () => {
  const {made, keys} = race("a", "b");
  made[0].onclose(lost);
  equal(keys(), ["a", "b"]);
});

test("when the last fails the race is lost, with the longest wait", () => {
  const {made, failed} = race("a", "b");
  made[0].onclose({...lost, retry_ms: 5_000});
  equal(failed, []);
  made[1].onclose({...lost, reason: "later", retry_ms: 10});
  equal(failed, [{code: 1006, reason: "later", retry_ms: 5_000}]);
});

test("the race is not lost while another still runs", () => {
  const {clock, made, failed} = race("a", "b");
  clock.advance(1_200);
  made[1].onclose(lost);
  equal(failed, []);
  made[0].onclose(lost);
  equal(failed.length, 1);
});

test("a reason of the server says more than a loss", () => {
  const {made, failed} = race("a", "b", "c");
  made[0].onclose({code: 4403, reason: "forbidden", retry_ms: 0});
  made[1].onclose(lost);
  made[2].onclose(lost);
  equal(failed, [{code: 4403, reason: "forbidden", retry_ms: 0}]);
  const other = race("a", "b");
  other.made[0].onclose(lost);
  other.made[1].onclose({code: 4403, reason: "forbidden", retry_ms: 0});
  equal(other.failed, [{code: 4403, reason: "forbidden", retry_ms: 0}]);
});

test("what every transport would be told ends the race", () =>
  each([4401, 4429, 4503], (code) => {
    const {clock, made, keys, failed} = race("a", "b", "c");
    clock.advance(1_200);
    made[1].onclose({code, reason: "", retry_ms: 7});
    equal([failed, made[0].closed, keys()], [[{code, reason: "", retry_ms: 7}], 1, ["a", "b"]]);
    clock.advance(100_000);
    equal([keys(), failed.length], [["a", "b"], 1]);
  }));

test("a race in which nobody speaks is given up after eight seconds", () => {
  const {clock, made, failed} = race("a");
  clock.advance(7_999);
  equal(failed, []);
  clock.advance(1);
  equal([failed, made[0].closed], [[{code: 1006, reason: "no answer", retry_ms: 0}], 1]);
});

test("a race that is cancelled closes what runs, and says nothing", () => {
  const {clock, made, keys, failed, won, race: running} = race("a", "b", "c");
  clock.advance(1_200);
  running.cancel();
  clock.advance(100_000);
  equal([made.map(({closed}) => closed), keys(), failed, won], [[1, 1], ["a", "b"], [], []]);
});
