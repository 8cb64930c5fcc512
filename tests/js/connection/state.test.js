/** The name that people see for the state of a connection. */

import {isUp, nameOf} from "/static/js/connection/state.js";
import {each, equal, test} from "../harness.js";

const FACTS = {
  phase: "up", isSignedOut: false, isSilent: false, isMarketSilent: false, isPaused: false, isOnline: true, isFirst: false,
};

test("each state has its name", () =>
  each([
    [{}, "live"],
    [{isPaused: true}, "paused"],
    [{isMarketSilent: true}, "stale"],
    [{isMarketSilent: true, isPaused: true}, "paused"],
    [{isSilent: true, isPaused: true}, "stale"],
    [{isOnline: false}, "live"],
    [{phase: "closed", isSignedOut: true}, "closed"],
    [{phase: "ended"}, "stopped"],
    [{phase: "ended", isSignedOut: true}, "signed_out"],
    [{phase: "opening", isFirst: true}, "connecting"],
    [{phase: "opening", isSilent: true, isPaused: true}, "reconnecting"],
    [{phase: "waiting"}, "reconnecting"],
    [{phase: "waiting", isOnline: false, isFirst: true}, "offline"],
  ], ([facts, name]) => {
    equal(nameOf({...FACTS, ...facts}), name);
  }));

test("frames come in three of the states", () => {
  const names = ["closed", "connecting", "live", "stale", "paused", "reconnecting", "offline", "signed_out", "stopped"];
  equal(names.filter(isUp), ["live", "stale", "paused"]);
});
