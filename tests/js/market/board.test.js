/** The board of a page: what moves its position, and what must not. */

import {Board, Gap} from "/static/js/market/board.js";
import {equal, ok, test} from "../harness.js";

const HEAD = {channel: "ticker", ts: 1};
const snapshot = (seq, p) => ({...HEAD, type: "snapshot", epoch: "e", seq, data: [{s: "A", n: 0, p}]});
const update = (from, seq, p) => ({...HEAD, type: "update", from, seq, data: [{s: "A", n: 1, p}]});
const heartbeat = (seq, confirms = ["ticker", "status"]) =>
  ({channel: "heartbeat", type: "heartbeat", seq, ts: 1, stale: null, confirms});

/** A board that has taken these frames. */
function boardOf(...frames) {
  const board = new Board();
  for (const frame of frames) ok(!(board.apply(frame) instanceof Gap), () => `a gap at ${frame.seq}`);
  return {board, take: (frame) => board.apply(frame)};
}

test("a heartbeat moves a position that nothing is missing at", () => {
  equal(boardOf(snapshot(9, 1), heartbeat(30)).board.position("ticker"), "e:30");
});

test("a heartbeat does not let a late resume skip frames", () => {
  const {board, take} = boardOf(snapshot(9, 1));
  ok(take(update(12, 13, 4)) instanceof Gap, "the gap was not seen");
  take(heartbeat(30));
  equal(board.position("ticker"), "e:9");
  ok(!(take(update(9, 30, 3)) instanceof Gap), "the answer to the gap was refused");
  equal([board.position("ticker"), board.rows.get("A").p, board.ticksOf("A")], ["e:30", 3, 1]);
});

test("a heartbeat moves only the channels that it confirms", () => {
  const status = {channel: "status", type: "snapshot", epoch: "e", seq: 9, ts: 1, data: []};
  const {board, take} = boardOf(snapshot(9, 1), status);
  take(heartbeat(30, ["status"]));
  equal([board.position("ticker"), board.position("status")], ["e:9", "e:30"]);
  take(heartbeat(40, ["ticker"]));
  equal([board.position("ticker"), board.position("status")], ["e:40", "e:30"]);
});

test("an older heartbeat takes no position back", () => {
  equal(boardOf(snapshot(9, 1), heartbeat(3)).board.position("ticker"), "e:9");
});
