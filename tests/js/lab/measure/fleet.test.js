/** What many users would cost, from the figures of one. */

import {fleetCost} from "/static/js/lab/measure/fleet.js";
import {equal, near, test} from "../../harness.js";

const FIGURES = {updates_per_s: 20, server_us_per_update: 100, requests_per_min: 60, received_per_s: 2000, sent_per_s: 500};

test("many users cost what the formula says", () => {
  const {cores, requests_per_s, mbit_per_s, ...rest} = fleetCost(1000, FIGURES);
  near(cores, 2);
  near(requests_per_s, 1000);
  near(mbit_per_s, 20);
  equal(rest, {});
});

test("a figure that is missing leaves its cost open", () => {
  equal(fleetCost(1000, {...FIGURES, server_us_per_update: null}).cores, null);
});
