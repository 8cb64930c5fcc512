/** What feeds do now: the state, and figures with their pictures. */

import {make} from "/static/js/dom.js";
import {FeedStrip} from "/static/js/screen/deck/feed_strip.js";
import {equal, ok, test} from "../../harness.js";

const FEED = {feed: "demo", state: "RUNNING", ph: "OPEN", reason: "", target: 200, rate: 100, age_ms: 40, instruments: 1, halted: 0};

function shown() {
  const [state, rate, age, other] = ["state", "rate", "age", "rate"].map((live, place) =>
    make("span", {"data-feed": place < 3 ? "demo" : "idle", "data-live": live}, "–"));
  const strip = new FeedStrip(make("div", {}, state, rate, age, other));
  const path = (cell) => cell.querySelector("path").getAttribute("d");
  return {strip, state, rate, age, other, path};
}

test("a feed shows its state and its figures, and no other feed's", () => {
  const {strip, state, rate, age, other} = shown();
  strip.show([FEED], 0);
  equal([state.textContent, state.dataset.is, rate.textContent, age.textContent, other.textContent], ["Running", "RUNNING", "100", "40 ms", "–"]);
});

test("a picture has a line from two values on, zero at the bottom", () => {
  const {strip, rate, path} = shown();
  strip.show([FEED], 0);
  equal(path(rate), "");
  strip.show([{...FEED, rate: 0}], 20_000);
  equal(path(rate), "M0.0 1.5L120.0 22.5");
});

test("a picture keeps two minutes and says what it shows", () => {
  const {strip, rate} = shown();
  for (const [at_ms, value] of [[0, 900], [100_000, 100], [121_000, 200]]) strip.show([{...FEED, rate: value}], at_ms);
  equal(rate.querySelector("svg").getAttribute("aria-label"), "Ticks per second in the last two minutes: 100 to 200");
});

test("without a value the picture moves on", () => {
  const {strip, age} = shown();
  strip.show([{...FEED, age_ms: null}], 0);
  equal(age.textContent, "–");
  ok(age.querySelector("svg").getAttribute("aria-label").endsWith("nothing yet"));
});

test("figures that are no longer right go", () => {
  const {strip, state, rate} = shown();
  strip.show([FEED], 0);
  strip.forget();
  equal([state.textContent, rate.textContent], ["Running", "–"]);
});

test("a rate has one decimal at most", () => {
  const {strip, rate} = shown();
  strip.show([{...FEED, rate: 7.46}], 0);
  equal(rate.querySelector("b").textContent, "7.5");
  strip.show([{...FEED, rate: 1234.04}], 1_000);
  equal(rate.querySelector("b").textContent, "1,234");
});
