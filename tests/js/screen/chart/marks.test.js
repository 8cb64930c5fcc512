/** Auctions, halts and pauses stand at the bars in which they happened. */

import {ExchangeTimes} from "/static/js/screen/chart/days.js";
import {PhaseLog, marksOf} from "/static/js/screen/chart/marks.js";
import {equal, test} from "../../harness.js";

const DAY = 86_400_000;
const bar = (t) => ({s: "A", iv: "1m", t, o: 1, h: 1, l: 1, c: 1, v: 1, n: 1});
const BARS = [0, 60_000, DAY, DAY + 60_000, 2 * DAY].map(bar);
const FACTS = {interval: "1m", times: new ExchangeTimes(""), hasAuctions: true, changes: []};
const FEED = {clock: 1_000, t: 500, scale: 10};
const written = (marks) => marks.map(({t, text}) => [t, text]);

test("each whole day has its auctions", () => {
  equal(written(marksOf(BARS, FACTS)), [[60_000, "Close"], [DAY, "Open"], [DAY + 60_000, "Close"], [2 * DAY, "Open"]]);
  equal(marksOf(BARS, {...FACTS, hasAuctions: false}), []);
  equal(marksOf(BARS, {...FACTS, interval: "1h"}), []);
});

test("a halt and its end are marked at the bar of the exchange's time", () => {
  const log = new PhaseLog();
  log.hear({ph: "OPEN", t: 500}, FEED);
  log.hear({ph: "HALTED", t: 6_500}, FEED);
  log.hear({ph: "HALTED", t: 6_900}, FEED);
  log.hear({ph: "AUCTION", t: 12_500}, FEED);
  equal(log.changes.map(({t, phase}) => [t, phase]), [[61_000, "HALTED"], [121_000, "AUCTION"]]);
  equal(written(marksOf(BARS, {...FACTS, hasAuctions: false, changes: log.changes})), [[60_000, "Halt"], [60_000, "Resumed"]]);
});

test("an instrument that is halted when the page opens is marked, one that trades is not", () => {
  const log = new PhaseLog();
  log.hear({ph: "HALTED", t: 500}, FEED);
  equal(log.changes.length, 1);
  log.hear(undefined, FEED);
  equal(log.changes.length, 1);
});

test("a halt before the first bar has no place", () => {
  equal(marksOf([bar(DAY)], {...FACTS, hasAuctions: false, changes: [{t: 0, phase: "HALTED", before: "OPEN"}]}), []);
});

test("a forecast marks the bars in which an alert would have fired, and nothing beyond the newest", () => {
  const fired = [-5, 10, 59_999, 60_000, 200_000, DAY + 120_000, 2 * DAY + 59_999, 2 * DAY + 60_000];
  const facts = {...FACTS, hasAuctions: false, fired};
  equal(written(marksOf(BARS, facts)), [[0, "Alert \u00d72"], [60_000, "Alert"], [2 * DAY, "Alert"]]);
  equal(written(marksOf([bar(0)], {...facts, interval: "1h"})), [[0, "Alert \u00d74"]]);
});
