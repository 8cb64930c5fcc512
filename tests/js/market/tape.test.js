/** The tape of trades in the browser: in order, each trade once, a mark where some are missing. */

import {Tape} from "/static/js/market/tape.js";
import {readFrame} from "/static/js/wire/frames.js";
import {equal, test} from "../harness.js";

/** Entries of the wire: "A7" is the trade 7 of A. */
const trades = (names) => names.map((name) => ({p: 1.5, q: 100, side: "BUY", ms: 0, s: name[0], i: Number(name.slice(1))}));

const snapshot = (seq, names = [], more = {}) =>
  ({channel: "trades", type: "snapshot", epoch: "e", seq, ts: 1, ...more, data: trades(names)});
const update = (from, seq, names) => ({channel: "trades", from, seq, ts: 1, data: trades(names)});

/** A tape of the symbols of a text. `take` reads a frame of the wire, and says whether it was accepted. */
function tapeOf(symbols = "AB", ...frames) {
  const tape = new Tape();
  tape.want([...symbols]);
  const take = (frame) => tape.apply(readFrame(frame));
  const lines = () => tape.lines.map(({trade}) => trade && trade.s + trade.i);
  for (const frame of frames) equal(take(frame), true, JSON.stringify(frame));
  return {tape, take, lines};
}

test("trades stand in order, each once", () => {
  const {tape, lines} = tapeOf("AB", snapshot(9, ["A3", "B7"]), update(9, 12, ["A11", "A12"]), snapshot(12, ["B7", "B10"]));
  equal(lines(), ["A3", "B7", "B10", "A11", "A12"]);
  equal(tape.position, "e:12");
});

test("what does not follow is refused until it does", () => {
  const {tape, take, lines} = tapeOf("AB", snapshot(9, ["A9"]));
  equal(take(update(10, 12, ["A12"])), false);
  tape.raise(13);
  equal(take(update(9, 13, ["A10", "A12"])), true);
  equal(lines(), ["A9", "A10", "A12"]);
});

test("a mark stands where trades are missing, and is set once", () => {
  const lost = snapshot(80, ["A75", "A80"], {gap: true});
  equal(tapeOf("AB", snapshot(9, ["A9"]), lost, update(80, 81, ["B81"])).lines(), ["A9", null, "A75", "A80", "B81"]);
  equal(tapeOf("AB", snapshot(9, ["A9"]), lost, lost).lines().filter((line) => line === null).length, 2);
  equal(tapeOf("AB", snapshot(9, ["A9"], {gap: true})).lines(), ["A9"]);
});

test("another epoch counts from its own beginning", () => {
  const {tape, lines} = tapeOf("AB", snapshot(9, ["A9"]), snapshot(2, ["A2"], {epoch: "f"}), update(2, 9, ["A9"]));
  equal(lines(), ["A9", null, "A2", "A9"]);
  equal(tape.position, "f:9");
});

test("a heartbeat counts once the server has answered", () => {
  const {tape} = tapeOf("AB", snapshot(9));
  tape.raise(12);
  equal(tape.position, "e:12");
  tape.follow(false);
  tape.raise(30);
  equal(tape.position, "e:12");
  tape.follow(true);
  tape.raise(31);
  equal(tape.position, "e:31");
});

test("a late resume gets its trades although a heartbeat came before it", () => {
  const {tape, take, lines} = tapeOf("AB", snapshot(9, ["A9"]));
  tape.follow(false);
  tape.raise(30);
  tape.follow(true);
  equal(take(update(9, 31, ["A12", "A31"])), true);
  equal(lines(), ["A9", "A12", "A31"]);
});

test("only wanted symbols are kept, and only the newest trades", () => {
  const many = Array.from({length: 390}, (_, index) => `A${index + 10}`);
  const {lines} = tapeOf("A", snapshot(9, ["A8", "C9"]), update(9, 399, many));
  equal(lines(), many.slice(-200));
  const narrowed = tapeOf("AB", snapshot(9, ["A8", "B9"]));
  narrowed.tape.want(["B"]);
  equal(narrowed.lines(), ["B9"]);
});

test("a symbol that joins begins where the tape does", () => {
  equal(tapeOf("AB", snapshot(9, ["A5", "A9"]), snapshot(9, ["B3", "B7"])).lines(), ["A5", "B7", "A9"]);
});

test("before its snapshot an update is of what was wanted before", () => {
  equal(tapeOf("AB", update(7, 8, ["A8"]), snapshot(9, ["A9"])).lines(), ["A9"]);
});
