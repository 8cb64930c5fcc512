/** Which feeds do not run, how fast the market ticks, and which phases are announced. */

import {make} from "/static/js/dom.js";
import {time} from "/static/js/format.js";
import {FeedBanner} from "/static/js/screen/status/feed_banner.js";
import {equal, test} from "../../harness.js";

const FEED = {
  feed: "main", name: "Main", state: "RUNNING", rate: 200, reason: "", t: 1_000, exchange: "NYSE", zone: "UTC", day: 1,
  ph: "OPEN", clock: Date.UTC(2026, 2, 9, 12, 0), scale: 1,
};

function shown() {
  const places = ["feed-banner", "market-rate", "market-day"].map((id) => {
    document.getElementById(id)?.remove();
    return make("div", {id});
  });
  document.body.append(...places);
  const announced = [];
  const banner = new FeedBanner({announce: (text) => announced.push(text)});
  return {banner, announced, texts: () => places.map(({textContent}) => textContent)};
}

test("feeds that run add up, and the others say since when they do not", () => {
  const {banner, announced, texts} = shown();
  const lab = {...FEED, feed: "lab", name: "Lab", exchange: "", state: "PAUSED", reason: "lunch", rate: 7};
  banner.show([FEED, {...FEED, feed: "b", rate: 1_000}, lab]);
  const text = `Lab is paused: lunch. Prices are the last ones, since ${time(1_000)}.`;
  equal([texts().slice(0, 2), announced], [[text, "1,200"], [text]]);
  banner.show([FEED, {...FEED, feed: "b", rate: 1_000}, lab]);
  equal(announced.length, 1);
  banner.show([FEED, {...lab, state: "CLOSED", reason: ""}]);
  equal(texts()[0], `Lab is closed. Prices are the last ones, since ${time(1_000)}.`);
  banner.show([FEED]);
  equal([texts()[0], announced.at(-1)], ["", "All feeds are running"]);
  equal(document.body.dataset.market, "moving");
});

test("a feed that is paused and one that is closed look different, and a still market does not look live", () => {
  const {banner} = shown();
  const states = () => [...document.querySelectorAll("#feed-banner p")].map(({dataset}) => dataset.state);
  banner.show([{...FEED, state: "PAUSED"}, {...FEED, feed: "b", state: "CLOSED"}]);
  equal([states(), document.body.dataset.market], [["PAUSED", "CLOSED"], "still"]);
  banner.show([{...FEED, state: "PAUSED"}, {...FEED, feed: "b"}]);
  equal([states(), document.body.dataset.market], [["PAUSED"], "moving"]);
});

test("a new phase of an exchange is announced, and the first is not", () => {
  const {banner, announced} = shown();
  for (const ph of ["PRE_OPEN", "PRE_OPEN", "OPEN"]) banner.show([{...FEED, ph}, {...FEED, feed: "lab", exchange: "", ph}]);
  equal(announced, ["NYSE: Open"]);
});

test("each exchange shows its day", () => {
  const {banner, texts} = shown();
  banner.tick(1_000);
  equal(texts()[2], "");
  banner.show([FEED, {...FEED, feed: "lab", exchange: ""}, {...FEED, feed: "x", exchange: "XETRA", state: "PAUSED"}]);
  banner.tick(1_000);
  equal(texts()[2], "Main: NYSE · 9 Mar · 12:00 · Open, Main · Running, Main: XETRA · Paused");
});
