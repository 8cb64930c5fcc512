/** Times are those of the exchange, also where its clocks change. */

import {ExchangeTimes, daySpans} from "/static/js/screen/chart/days.js";
import {each, equal, test} from "../../harness.js";

test("a time is shown in the zone of the exchange", () =>
  each([
    ["America/New_York", "2026-03-06T14:30:00Z", "6 Mar, 09:30"],
    ["America/New_York", "2026-03-09T13:30:00Z", "9 Mar, 09:30"],
    ["America/New_York", "2026-11-02T14:30:00Z", "2 Nov, 09:30"],
    ["Asia/Tokyo", "2026-03-09T00:00:00Z", "9 Mar, 09:00"],
    ["Asia/Kolkata", "2026-03-09T03:45:00Z", "9 Mar, 09:15"],
    ["", "2026-03-09T23:59:00Z", "9 Mar, 23:59"],
  ], ([zone, at, text]) => equal(new ExchangeTimes(zone).text(Date.parse(at), "1m"), text)));

test("bars of seconds have seconds, and those of days only a date", () => {
  const times = new ExchangeTimes("America/New_York");
  equal(times.text(Date.parse("2026-03-09T13:30:05Z"), "5s"), "9 Mar, 09:30:05");
  equal(times.text(Date.parse("2026-03-09T00:00:00Z"), "1d"), "9 Mar 2026");
  equal(times.date(Date.parse("2026-03-09T00:00:00Z"), "1d"), "9 Mar");
});

test("a day lasts from its first bar to its last", () => {
  equal(daySpans([1, 1, 2, 4, 4]), [{from: 0, to: 1}, {from: 2, to: 2}, {from: 3, to: 4}]);
  equal(daySpans([]), []);
});

test("the day of a bar is that of the exchange", () => {
  const times = new ExchangeTimes("Asia/Tokyo");
  equal(times.day(Date.parse("2026-03-09T15:00:00Z")) - times.day(Date.parse("2026-03-09T14:59:00Z")), 1);
});
