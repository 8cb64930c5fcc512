/** The server's time: asked for often at first, then seldom. */

import {Timekeeper} from "/static/js/lab/timekeeper.js";
import {ManualClock, equal, test} from "../harness.js";

function begun() {
  const clock = new ManualClock();
  const world = {clock, sent: [], answers: [], opened: 0, closed: 0};
  world.transport = {
    open: (positions) => { world.opened += 1; equal(positions(), {}); },
    close: () => { world.closed += 1; }, send: (command) => world.sent.push(command),
  };
  world.timekeeper = new Timekeeper({
    transport: world.transport, now: () => clock.now_ms, timers: clock, onanswer: (...times) => world.answers.push(times),
  });
  world.timekeeper.open();
  world.transport.onopen();
  world.answer = (result, method = "pong") => world.transport.onframe({channel: "answer", type: "answer", method, result});
  return world;
}

test("an answer has the times of the question and of the hearing", () => {
  const {clock, sent, answers, answer} = begun();
  equal(sent, [{method: "ping", params: {}, id: 1}]);
  clock.advance(40);
  answer({}, "set");
  answer({ts: 1_000});
  equal(answers, [[0, 1_000, 40]]);
  clock.advance(0);
  equal(sent.at(-1).id, 2);
  clock.advance(5);
  answer({ts: "junk"});
  clock.advance(0);
  equal([answers.length, sent.length], [1, 3]);
});

test("twelve questions follow each other, and then one in ten seconds", () => {
  const {timekeeper, clock, sent, answer} = begun();
  for (let number = 1; number <= 12; number += 1) {
    equal([timekeeper.isSure, sent.length], [false, number]);
    answer({ts: 1});
    clock.advance(0);
  }
  equal([timekeeper.isSure, sent.length], [true, 12]);
  clock.advance(9_999);
  equal(sent.length, 12);
  clock.advance(1);
  equal(sent.length, 13);
});

test("it asks no more once it is closed, and begins again when it is opened", () => {
  const {timekeeper, transport, clock, sent, answer, ...world} = begun();
  for (let number = 0; number < 12; number += 1) {
    answer({ts: 1});
    clock.advance(0);
  }
  transport.onclose();
  clock.advance(60_000);
  equal(sent.length, 12);
  timekeeper.open();
  equal([timekeeper.isSure, world.opened], [false, 1]);
});
