/** What the panel of trades says when nothing moves. */

import {tradesNote} from "/static/js/screen/trades/note.js";
import {each, equal, ok, test} from "../../harness.js";

const KNOWN = {
  connection: "live", hasBegun: true, isEmpty: false, symbol: null, isNothingWatched: false, asOf_ms: null,
};
const CASES = [
  [{hasBegun: false, isEmpty: true}, "Waiting for trades"],
  [{isEmpty: true}, "No trades yet"],
  [{isEmpty: true, symbol: "NVX"}, "No trades of NVX yet"],
  [{isNothingWatched: true}, "the watchlist is empty"],
  [{connection: "paused"}, "Paused"],
  [{connection: "stale", asOf_ms: 0}, "Newest trade: "],
  [{connection: "reconnecting"}, "the connection is lost"],
];

test("the panel says why nothing moves", () =>
  each(CASES, ([changed, said]) => {
    const text = tradesNote({...KNOWN, ...changed});
    ok(text.includes(said), () => `was ${text}`);
  }));

test("the panel says nothing while trades come", () => {
  equal(tradesNote(KNOWN), "");
});
