/** Books are read whole, and frames that are no books are junk. */

import {Books} from "/static/js/market/books.js";
import {Replica} from "/static/js/market/replica.js";
import {readFrame} from "/static/js/wire/frames.js";
import {each, equal, test} from "../harness.js";

const HEAD = {channel: "depth", seq: 5, ts: 1};
const BOOK = {bids: [[10, 5], [9, 1]], asks: []};
const begun = (data) => readFrame({...HEAD, type: "snapshot", epoch: "e", data});

test("an update before any snapshot, or one that does not follow, is a gap", () => {
  const books = new Books();
  equal(books.apply(readFrame({...HEAD, from: 3, data: {}})).gap, true);
  books.apply(begun({A: BOOK}));
  equal([books.isWhole, books.position(["A"]), books.position(["A", "B"])], [true, "e:5", null]);
  equal(books.apply(readFrame({...HEAD, from: 4, seq: 6, data: {}})).gap, true);
  equal(books.isWhole, false);
  books.raise(9);
  equal(books.position(["A"]), "e:5");
});

test("what is no book makes no frame", () => each([
  {A: {}}, {A: {bids: [[1]], asks: []}}, {A: {bids: [], asks: [["1", 2]]}}, {A: {bids: [[1, null]], asks: []}}, {A: 1}, [],
], (data) => {
  equal(begun(data), null);
}));

test("another tab gets the books of this one, and none that it did not ask for", () => {
  const replica = new Replica();
  replica.apply(begun({A: BOOK, B: {gone: true}}));
  equal([replica.holds("depth", "A"), replica.holds("ticker", "A"), replica.holds("depth", "C")], [true, false, false]);
  const {data, seq, epoch} = replica.snapshot("depth", ["A", "C"]);
  equal([data, seq, epoch], [[{s: "A", ...BOOK}], 5, "e"]);
  replica.apply(readFrame({...HEAD, from: 5, seq: 8, data: {A: {bids: [], asks: []}}}));
  equal([replica.position("depth", ["A"]), replica.snapshot("depth", ["A"]).data], ["e:8", [{s: "A", bids: [], asks: []}]]);
  replica.forget("depth", ["A"]);
  equal(replica.holds("depth", "A"), false);
});
