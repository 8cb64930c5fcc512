/** Texts for screen readers: the last of several, and not too often. */

import {make} from "/static/js/dom.js";
import {Announcer} from "/static/js/screen/page/announcer.js";
import {ManualClock, equal, test} from "../../harness.js";

/** An announcer in a world whose time is moved by hand. */
function spoken(check) {
  const clock = new ManualClock();
  clock.now_ms = 1_000;
  const usual = {setTimeout: globalThis.setTimeout, now: performance.now};
  globalThis.setTimeout = clock.setTimeout;
  performance.now = () => clock.now_ms;
  const element = make("p");
  try {
    check({announcer: new Announcer(element), clock, said: () => element.textContent});
  } finally {
    globalThis.setTimeout = usual.setTimeout;
    performance.now = usual.now;
  }
}

test("a first text is said at once, and of those after it the last when it has rested", () => spoken(({announcer, clock, said}) => {
  announcer.say("one");
  announcer.say("two");
  clock.advance(0);
  equal(said(), "two");
  clock.advance(1_000);
  announcer.say("three");
  announcer.say("four");
  clock.advance(3_999);
  equal(said(), "two");
  clock.advance(1);
  equal(said(), "four");
}));

test("after a rest a text is said at once", () => spoken(({announcer, clock, said}) => {
  announcer.say("one");
  clock.advance(5_000);
  announcer.say("two");
  clock.advance(0);
  equal(said(), "two");
}));
