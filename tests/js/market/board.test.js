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

// --- prices ---
const prices = (seq, data, {epoch = "e", more = false} = {}) =>
  ({...HEAD, type: "snapshot", epoch, seq, data, ...(more ? {more} : {})});
const changes = (from, seq, ...data) => ({...HEAD, type: "update", from, seq, data});
const rowsOf = ({rows}) => [...rows.values()].map(({s, p}) => [s, p]);

test("a snapshot begins each of its rows anew, and leaves the others", () => {
  const {board, take} = boardOf(prices(9, [{s: "A", n: 0, p: 1, v: 5}, {s: "B", n: 0, p: 2}]));
  equal([...take(prices(12, [{s: "A", n: 0, p: 3}]))], ["A"]);
  equal([rowsOf(board), board.rows.get("A").v, board.position("ticker")], [[["A", 3], ["B", 2]], null, "e:12"]);
});

test("a snapshot in parts has its position with the last one", () => {
  const {board, take} = boardOf(prices(9, [{s: "A", n: 0, p: 1}], {more: true}));
  equal(board.position("ticker"), null);
  take(prices(9, [{s: "B", n: 0, p: 2}]));
  equal([board.position("ticker"), rowsOf(board)], ["e:9", [["A", 1], ["B", 2]]]);
});

test("a snapshot of another epoch clears the rows of the last one, and says so", () => {
  const {board, take} = boardOf(prices(9, [{s: "A", n: 0, p: 1}, {s: "B", n: 0, gone: true}]));
  equal([...take(prices(2, [{s: "C", n: 0, p: 3}], {epoch: "f", more: true}))].sort(), ["A", "C"]);
  equal([board.holds("B"), board.position("ticker")], [false, null]);
  take(prices(2, [{s: "D", n: 0, p: 4}], {epoch: "f"}));
  equal([rowsOf(board), board.position("ticker")], [[["C", 3], ["D", 4]], "f:2"]);
});

test("an update changes what it names of a row, and counts what it stands for", () => {
  const {board, take} = boardOf(prices(9, [{s: "A", n: 0, p: 1, v: 5}]));
  equal([...take(changes(9, 12, {s: "A", n: 3, p: 2}, {s: "B", n: 1, p: 7}, {s: "C", n: 0, p: 8}))], ["A", "B", "C"]);
  equal([rowsOf(board), board.rows.get("A").v], [[["A", 2], ["B", 7], ["C", 8]], 5]);
  equal([board.ticks, board.entries, board.ticksOf("A"), board.ticksOf("C"), board.ticksOf("Z")], [4, 2, 3, 0, 0]);
  ok(!("n" in board.rows.get("A")), "a row has the count of an update");
});

test("a symbol that is gone is held until it comes back or is forgotten", () => {
  const {board, take} = boardOf(prices(9, [{s: "A", n: 0, p: 1}, {s: "B", n: 0, p: 2}]));
  take(changes(9, 10, {s: "A", n: 1, gone: true}));
  equal([rowsOf(board), board.holds("A"), board.position("ticker", ["A", "B"])], [[["B", 2]], true, "e:10"]);
  take(changes(10, 11, {s: "A", n: 1, p: 4}));
  board.forget(["A"]);
  equal([board.holds("A"), board.position("ticker", ["A"]), board.position("ticker", ["B"])], [false, null, "e:11"]);
});

test("a symbol that a snapshot says is gone has no row any more", () => {
  const {board, take} = boardOf(prices(9, [{s: "A", n: 0, p: 1}]));
  take(prices(10, [{s: "A", n: 0, gone: true}]));
  equal([rowsOf(board), board.holds("A")], [[], true]);
  take(prices(11, [{s: "A", n: 0, p: 2}]));
  equal(rowsOf(board), [["A", 2]]);
});

test("forgotten symbols have no receipts, and a board without symbols has no position", () => {
  const {board, take} = boardOf(prices(9, [{s: "A", n: 0, p: 1}, {s: "B", n: 0, p: 2}]));
  take(changes(9, 10, {s: "A", n: 2, p: 2}, {s: "B", n: 1, gone: true}));
  board.forget(["A"]);
  equal([board.ticksOf("A"), board.position("ticker")], [0, "e:10"]);
  board.forget(["B"]);
  equal([board.position("ticker"), board.holds("B")], [null, false]);
  ok(take(changes(10, 11, {s: "A", n: 1, p: 3})) instanceof Gap, "an update without a snapshot was taken");
});

test("a gap says where the frame starts and where the channel is", () => {
  const {take} = boardOf(prices(9, []));
  const {channel, from, sequence} = take(changes(12, 13));
  equal([channel, from, sequence], ["ticker", 12, 9]);
  equal(new Board().apply(changes(3, 4)).sequence, null);
});

// --- states ---
const STATES = {channel: "status", ts: 1};
const states = (seq, data, {epoch = "e", more = false} = {}) =>
  ({...STATES, type: "snapshot", epoch, seq, data, ...(more ? {more} : {})});
const news = (from, seq, ...data) => ({...STATES, type: "update", from, seq, data});
const DEMO = {feed: "demo", state: "running"};
const OTHER = {feed: "other", state: "running"};
const known = ({feeds, instruments}) => [[...feeds.keys()], [...instruments.keys()]];

test("states are replaced once the last part of their snapshot is here", () => {
  const {board, take} = boardOf(states(9, [DEMO, {s: "A", feed: "demo"}]));
  equal([...take(states(12, [OTHER], {more: true}))], []);
  equal([known(board), board.position("status")], [[["demo"], ["A"]], "e:9"]);
  equal([...take(states(12, [{s: "B", feed: "other"}]))].sort(), ["A", "B"]);
  equal([known(board), board.position("status")], [[["other"], ["B"]], "e:12"]);
});

test("parts of a snapshot that broke off are not part of the next", () => {
  const {board, take} = boardOf(states(9, [DEMO], {more: true}));
  take(states(10, [OTHER]));
  equal(known(board), [["other"], []]);
  take(states(10, [OTHER]));
  equal(known(board), [["other"], []]);
});

test("an instrument that is gone is not known any more", () => {
  const {board, take} = boardOf(states(9, [DEMO, {s: "A", feed: "demo"}, {s: "B", feed: "demo"}]));
  equal([...take(news(9, 10, {s: "A", gone: true}))], ["A"]);
  equal([known(board), board.position("status")], [[["demo"], ["B"]], "e:10"]);
});

test("a feed that changes or is gone changes the lines of its instruments alone", () => {
  const {board, take} = boardOf(states(9, [DEMO, OTHER, {s: "A", feed: "demo"}, {s: "B", feed: "other"}]));
  equal([...take(news(9, 10, {feed: "demo", state: "paused"}))], ["A"]);
  equal(board.feeds.get("demo").state, "paused");
  equal([...take(news(10, 11, {feed: "demo", gone: true}))], ["A"]);
  equal(known(board), [["other"], ["A", "B"]]);
});

test("news of states behind a gap change nothing", () => {
  const {board, take} = boardOf(states(9, [DEMO]));
  ok(take(news(11, 12, {feed: "demo", gone: true})) instanceof Gap, "the gap was not seen");
  take(heartbeat(30));
  equal([known(board), board.position("status")], [[["demo"], []], "e:9"]);
});
