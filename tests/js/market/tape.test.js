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

// --- corrections --------------------------------------------------------------------------------
const named = (i, ref, p = 1.5) => ({s: "A", p, q: 100, side: "BUY", i, ref, ms: 0});
const fix = (kind, i, ref, more = {}) => ({s: "A", fix: kind, i, ref, ms: 0, ...more});
const entries = (from, seq, data) => ({channel: "trades", from, seq, ts: 1, data});

/** What the lines say of their trades: sequence, price, size, fate, and what was told first. */
const fates = (tape) => tape.lines.map(({trade}) => trade && [trade.i, trade.p, trade.q, trade.fix, trade.before?.p]);

test("a corrected trade has its new values where it stood, and keeps its line", () => {
  const {tape, take} = tapeOf("A", snapshot(4), entries(4, 6, [named(5, "x"), named(6, "y")]));
  const keys = tape.lines.map(({key}) => key);
  equal(take(entries(6, 7, [fix("corrected", 7, "x", {p: 2, q: 30, op: 1.5, oq: 100})])), true);
  equal(fates(tape), [[5, 2, 30, "corrected", 1.5], [6, 1.5, 100, undefined, undefined]]);
  equal(tape.lines.map(({key}) => key), keys);
  equal(tape.position, "e:7");
});

test("a cancelled trade stays, with the values that it had", () => {
  const {tape} = tapeOf("A", snapshot(4), entries(4, 6, [named(5, "x"), fix("cancelled", 6, "x", {op: 1.5, oq: 100})]));
  equal(fates(tape), [[5, 1.5, 100, "cancelled", undefined]]);
});

test("a late trade is marked, and what was corrected twice says what was told first", () => {
  const {tape} = tapeOf("A", snapshot(4), entries(4, 6, [named(5, "x"), fix("late", 6, "x", {p: 1.5, q: 100})]),
    entries(6, 9, [fix("corrected", 7, "x", {p: 2, q: 100, new_ref: "z"}), fix("corrected", 8, "z", {p: 3, q: 100}), fix("cancelled", 9, "nobody")]));
  equal(fates(tape), [[5, 3, 100, "corrected", 1.5]]);
});

test("a correction that is repeated, of another symbol or without a name changes nothing", () => {
  const twice = [named(5, "x"), fix("corrected", 6, "x", {p: 2, q: 1}), fix("corrected", 7, "x", {p: 3, q: 1})];
  const {tape, take} = tapeOf("A", snapshot(4), entries(4, 7, twice), {...snapshot(7), data: twice});
  equal(fates(tape), [[5, 3, 1, "corrected", 1.5]]);
  take(entries(7, 9, [{...fix("cancelled", 8, "x"), s: "B"}, fix("cancelled", 9, undefined)]));
  equal(fates(tape), [[5, 3, 1, "corrected", 1.5]]);
});

test("a trade of an earlier epoch with the same name is another one", () => {
  const {tape} = tapeOf("A", {...snapshot(4), data: [named(4, "x")]}, {...snapshot(2, [], {epoch: "f"}), data: []}, entries(2, 5, [fix("cancelled", 5, "x")]));
  equal(fates(tape), [[4, 1.5, 100, undefined, undefined], null]);
});
