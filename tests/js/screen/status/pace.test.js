/** How often prices come, and why, in words. */

import {Pace} from "/static/js/screen/status/pace.js";
import {equal, test} from "../../harness.js";

const FACTS = {pauses: [], interval_ms: 0};

function pace({isSaving = false, chosen = 0, heard = []} = {}) {
  const made = new Pace({isSaving});
  made.choose(chosen);
  for (const [rate, reason] of heard) made.hear({rate, reason});
  return made;
}

test("a choice comes before saving data, and that before the usual rate", () => {
  equal([pace().max_rate, pace({isSaving: true}).max_rate, pace({isSaving: true, chosen: 5}).max_rate], [10, 1, 5]);
});

test("the slowest of choice, server and poll is told with its reason", () => {
  equal(pace().text(FACTS), "auto 10/s");
  equal(pace({chosen: 5}).text(FACTS), "5/s");
  equal(pace({isSaving: true}).text(FACTS), "auto 1/s: Save-Data");
  equal(pace({isSaving: true, chosen: 2}).text(FACTS), "2/s");
  equal(pace({heard: [[3.9, "paint 38 ms"]]}).text(FACTS), "auto 3.9/s: paint 38 ms");
  equal(pace({chosen: 2, heard: [[3.9, "paint 38 ms"]]}).text(FACTS), "2/s");
  equal(pace().text({pauses: [], interval_ms: 2_000}), "auto 0.5/s: polling");
  equal(pace({chosen: 10}).text({pauses: [], interval_ms: 100}), "10/s");
  equal(pace().text({pauses: ["hidden tab", "you"], interval_ms: 0}), "paused: hidden tab, you");
});

test("what the server said ends with its reason, and with the connection", () => {
  equal(pace({heard: [[3.9, "paint 38 ms"], [10, ""]]}).text(FACTS), "auto 10/s");
  const slowed = pace({heard: [[3.9, "paint 38 ms"]]});
  slowed.forget();
  equal(slowed.text(FACTS), "auto 10/s");
});
