/** Day, time and phase of an exchange, as text. */

import {dayText, statusText} from "/static/js/screen/status/phases.js";
import {equal, test} from "../../harness.js";

const NOON = Date.UTC(2026, 2, 9, 12, 0);
const FEED = {exchange: "NYSE", zone: "UTC", day: 2, ph: "OPEN", clock: NOON, scale: 1, state: "RUNNING", t: 1_000};

test("a day of a compressed clock has a number and a speed, another one a date", () => {
  equal(dayText({...FEED, scale: 13.7}, 1_000 + 60_000), "NYSE day 2 · 12:13 · Open · 13.7×");
  equal(dayText(FEED, 1_000 + 120_000), "NYSE · 9 Mar · 12:02 · Open");
  equal(dayText({...FEED, zone: "America/New_York", ph: "PRE_OPEN"}, 1_000), "NYSE · 9 Mar · 08:00 · Pre-open");
});

test("the status line names its feeds, also those without an exchange", () => {
  equal(statusText({...FEED, name: "Demo"}, 1_000), "Demo: NYSE · 9 Mar · 12:00 · Open");
  equal(statusText({...FEED, name: "NYSE"}, 1_000), "NYSE · 9 Mar · 12:00 · Open");
  equal(statusText({...FEED, name: "Lab", exchange: ""}, 1_000), "Lab · Running");
  equal(statusText({...FEED, name: "Lab", exchange: "", state: "PAUSED"}, 1_000), "Lab · Paused");
});

test("a clock does not run backwards, and one that does not run has no time", () => {
  equal(dayText(FEED, 0), "NYSE · 9 Mar · 12:00 · Open");
  equal(dayText({...FEED, state: "PAUSED"}, 1_000), "NYSE · Paused");
  equal(dayText({...FEED, state: "CLOSED"}, 1_000), "NYSE · Closed");
  equal(dayText({...FEED, exchange: ""}, 1_000), "");
});
