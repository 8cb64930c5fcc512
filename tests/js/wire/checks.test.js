/** Each field of each entry, with a value of every wrong kind: one wrong entry makes a whole frame junk. */

import {
  isBarEntry, isBookEntry, isCorrectionEntry, isGoneBarEntry, isListOf, isMissing, isNamedList, isNoBarEntry, isNoticeFrame, isNumber, isObject,
  isSequence, isStatusEntry, isText, isTickerEntry, isTradeEntry,
} from "/static/js/wire/checks.js";
import {each, equal, test} from "../harness.js";

const NOT_NUMBERS = ["1", true, {}, [], NaN, Infinity];
const NOT_TEXTS = [1, true, {}, []];
const NOT_COUNTS = ["1", -1, 1.5, 2 ** 53, NaN];
const NOTHING = [null, undefined];

const TICKER = {s: "A", n: 1, ph: "OPEN", p: 1, b: 1, a: 1, bs: 1, as: 1, o: 1, h: 1, l: 1, pc: 1, v: 1, ms: 1};
const TRADE = {s: "A", side: "buy", i: 4, p: 1, q: 2, ms: 30, et: 1, ref: "r"};
const FIX = {s: "A", fix: "late", i: 5, ms: 3, ref: "r", new_ref: "n", p: 1, q: 1, op: 1, oq: 2, et: 1};
const BAR = {s: "A", iv: "1m", t: 0, o: 1, h: 1, l: 1, c: 1, v: 1, n: 1, rev: 1};
const GONE_BAR = {s: "A", iv: "1m", t: 0, gone: true, rev: 1};
const NO_BAR = {s: "A", iv: "1m", none: true};
const BOOK = {s: "A", bids: [[1, 2]], asks: [[2, 3]]};
const FEED = {feed: "f", name: "F", state: "RUNNING", exchange: "", zone: "", ph: "OPEN", t: 1, day: 1, clock: 1, scale: 1};
const LISTED = {s: "A", name: "a", d: 2, ph: "OPEN"};
const NOTICE = {id: 1, title: "n", t: 1, symbol: "A"};
const LIST = {id: 1, name: "l", symbols: ["A"], sections: [{at: 0, name: "s"}], share: ""};

/** For each check: a right entry, its numbers, texts and counts, and which of them may be null or left out. */
const CASES = [
  ["ticker", isTickerEntry, TICKER, {numbers: ["p", "b", "a", "bs", "as", "o", "h", "l", "pc", "v", "ms"], texts: ["s", "ph"], counts: ["n"]}, ["p", "b", "a", "bs", "as", "o", "h", "l", "pc", "v", "ms", "ph"]],
  ["trade", isTradeEntry, TRADE, {numbers: ["p", "q", "ms", "et"], texts: ["s", "side", "ref"], counts: ["i"]}, []],
  ["correction", isCorrectionEntry, FIX, {numbers: ["ms", "p", "q", "op", "oq", "et"], texts: ["s", "fix", "ref", "new_ref"], counts: ["i"]}, []],
  ["bar", isBarEntry, BAR, {numbers: ["t", "o", "h", "l", "c", "v", "n"], texts: ["s", "iv"], counts: ["rev"]}, []],
  ["gone bar", isGoneBarEntry, GONE_BAR, {numbers: ["t", "rev"], texts: ["s", "iv"], counts: []}, []],
  ["no bar", isNoBarEntry, NO_BAR, {numbers: [], texts: ["s", "iv"], counts: []}, []],
  ["book", isBookEntry, BOOK, {numbers: [], texts: ["s"], counts: []}, []],
  ["feed", isStatusEntry, FEED, {numbers: ["t", "day", "clock", "scale"], texts: ["feed", "name", "state", "exchange", "zone", "ph"], counts: []}, []],
  ["instrument", isStatusEntry, LISTED, {numbers: [], texts: ["name", "ph"], counts: ["d"]}, []],
  ["list", isNamedList, LIST, {numbers: [], texts: ["name", "share"], counts: ["id"]}, []],
];
/** What may be left out, but not be null. */
const OPTIONAL = {"trade": ["et", "ref"], "correction": ["ref", "new_ref", "p", "q", "op", "oq", "et"], "bar": ["rev"]};

test("a right entry is one, and what is no object is none", () =>
  each(CASES, ([, check, right]) => {
    equal([check(right), ...[null, undefined, 1, "A", [right]].map((value) => check(value))], [true, false, false, false, false, false]);
  }));

test("every field has its kind", () =>
  each(CASES, ([, check, right, {numbers, texts, counts}]) => {
    const wrong = [
      ...numbers.flatMap((key) => NOT_NUMBERS.map((value) => [key, value])), ...texts.flatMap((key) => NOT_TEXTS.map((value) => [key, value])),
      ...counts.flatMap((key) => NOT_COUNTS.map((value) => [key, value])),
    ];
    equal(wrong.filter(([key, value]) => check({...right, [key]: value})), []);
  }));

test("a field that is null or left out makes junk, unless it may be missing", () =>
  each(CASES, ([name, check, right, {numbers, texts, counts}, missing]) => {
    const optional = OPTIONAL[name] ?? [];
    for (const key of [...numbers, ...texts, ...counts]) {
      const found = NOTHING.map((value) => check({...right, [key]: value}));
      equal(found, [missing.includes(key), missing.includes(key) || optional.includes(key)], key);
    }
  }));

test("what is gone needs no more than its name", () => {
  equal([isStatusEntry({s: "A", gone: true}), isStatusEntry({feed: "f", gone: true}), isBookEntry({s: "A", gone: true})], [true, true, true]);
  equal([isStatusEntry({gone: true}), isStatusEntry({s: 1, gone: true}), isBookEntry({gone: true}), isStatusEntry({s: "A", gone: 1}), isBookEntry({s: "A", gone: 1})], [false, false, false, false, false]);
  equal([isGoneBarEntry({...GONE_BAR, gone: 1}), isNoBarEntry({...NO_BAR, none: 1})], [false, false]);
});

test("a level is a price and a size, and no more", () =>
  each(["bids", "asks"], (side) => {
    equal([[], [[1, 2], [3, 4]]].map((levels) => isBookEntry({...BOOK, [side]: levels})), [true, true]);
    const wrong = [null, {}, [1], [[1]], [[1, 2, 3]], [["1", 2]], [[1, null]], [{0: 1, 1: 2, length: 2}]];
    equal(wrong.filter((levels) => isBookEntry({...BOOK, [side]: levels})), []);
  }));

test("the symbols and sections of a list have their kinds", () => {
  equal([isNamedList({...LIST, symbols: []}), isNamedList({...LIST, sections: []})], [true, true]);
  const wrong = [{symbols: [1]}, {symbols: "A"}, {sections: [{at: "0", name: "s"}]}, {sections: [{at: 0, name: 1}]}, {sections: [null]}, {sections: [{at: -1, name: "s"}]}];
  equal(wrong.filter((more) => isNamedList({...LIST, ...more})), []);
});

test("a frame of notifications has its counts and notices", () => {
  const frame = {seq: 1, unread: 0, data: [NOTICE]};
  equal([isNoticeFrame(frame), isNoticeFrame({...frame, data: [{id: 1, title: "n", t: 1}]})], [true, true]);
  const wrong = [
    ...["seq", "unread"].flatMap((key) => [...NOT_COUNTS, null].map((value) => ({...frame, [key]: value}))), {...frame, data: {}}, {...frame, data: [null]},
    ...[{id: "1"}, {title: 1}, {t: "1"}, {symbol: 1}, {symbol: null}, {id: -1}].map((more) => ({...frame, data: [{...NOTICE, ...more}]})),
  ];
  equal(wrong.filter((value) => isNoticeFrame(value)), []);
});

test("the kinds themselves are strict", () => {
  const values = [null, undefined, 0, -1, 1.5, NaN, Infinity, 2 ** 53, "", "x", true, [], {}];
  const named = (check) => values.map((value, index) => (check(value) ? index : -1)).filter((index) => index >= 0);
  equal(named(isObject), [12]);
  equal(named(isText), [8, 9]);
  equal(named(isNumber), [2, 3, 4, 7]);
  equal(named(isSequence), [2]);
  equal(named(isMissing), [0, 1]);
  equal([isListOf([], isText), isListOf(["a"], isText), isListOf(["a", 1], isText), isListOf("a", isText), isListOf({length: 0}, isText)], [true, true, false, false, false]);
});
