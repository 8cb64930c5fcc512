/** The sum of what all tabs want: asked for once, and given up when the last tab wants it no more. */

import {Demand} from "/static/js/tabs/demand.js";
import {equal, test} from "../harness.js";

const tab = (facts = {}) => ({wanted: new Map(), asked: new Set(), corrected: new Set(), fields: null, isPaused: false, max_rate: 10, isSlower: false, ...facts});

function demand(...tabs) {
  const world = {asked: [], less: [], details: {}};
  const note = (verb) => (channel, symbols) => world.asked.push(`${verb} ${channel} ${[...symbols]}`.trim());
  const pace = (name) => (...values) => world.asked.push(`${name} ${values}`);
  const subscriptions = {add: note("add"), remove: note("remove"), setRate: pace("rate"), setPaused: pace("paused")};
  world.demand = new Demand({
    subscriptions, details: world.details, onmore: () => {}, onless: (channel, symbols, isOver) => world.less.push([channel, symbols, isOver]),
  });
  for (const each of tabs) world.demand.add(each);
  world.asked.length = 0;
  world.want = (who, channel, symbols, more = {}) => world.demand.want(who, {channel, symbols, ...more}, new Set(more.unknown ?? []));
  world.taken = () => world.asked.splice(0);
  return world;
}

test("what several tabs want is asked for once, and given up with the last", () => {
  const [a, b] = [tab(), tab()];
  const {demand: sum, want, taken, less} = demand(a, b);
  want(a, "trades", ["A", "B"]);
  want(b, "trades", ["B", "C"]);
  want(b, "trades", ["B"]);
  equal([taken(), [...sum.symbolsOf("trades")]], [["add trades A,B", "add trades C"], ["A", "B", "C"]]);
  sum.unwant(a, {channel: "trades", symbols: ["B"]});
  equal([taken(), less], [[], []]);
  sum.unwant(a, {channel: "trades", symbols: ["A"]});
  sum.unwant(b, {channel: "trades"});
  equal(taken(), ["remove trades A", "remove trades B,C"]);
  equal(less, [["trades", ["A"], false], ["trades", ["B", "C"], true]]);
  equal([...sum.symbolsOf("trades")], []);
});

test("a tab that goes takes along what only it wanted", () => {
  const [a, b] = [tab(), tab({max_rate: 5})];
  const {demand: sum, want, taken} = demand(a, b);
  want(a, "trades", ["A"]);
  want(b, "trades", ["B"]);
  taken();
  sum.remove(a);
  equal(taken(), ["remove trades A", "rate 5", "paused every tab,false"]);
});

test("a symbol that the server did not know is asked for again", () => {
  const a = tab();
  const {want, taken} = demand(a);
  want(a, "trades", ["A"]);
  want(a, "trades", ["A"], {unknown: ["A"]});
  equal(taken(), ["add trades A", "add trades A"]);
});

test("what cannot be shared is refused", () => {
  const a = tab();
  const {want, taken} = demand(a);
  const many = Array.from({length: 501}, (_, index) => `S${index}`);
  equal(["gossip", "ticker", "ticker"].map((channel, index) => want(a, channel, [["A"], ["*"], many][index])?.name),
    ["unknown_channel", "bad_parameters", "too_many_symbols"]);
  equal([want(a, "trades", many.slice(1)), taken().length], [null, 1]);
});

test("the fastest tab that is awake sets the pace, and a pause needs all of them", () => {
  const [slow, fast] = [tab({max_rate: 2}), tab({max_rate: 8})];
  const {demand: sum, taken} = demand(slow, fast);
  sum.weigh();
  equal([taken(), slow.isSlower, fast.isSlower], [["rate 8", "paused every tab,false"], true, false]);
  fast.isPaused = true;
  sum.weigh();
  equal([taken(), slow.isSlower], [["rate 2", "paused every tab,false"], false]);
  slow.isPaused = true;
  sum.weigh();
  equal(taken(), ["rate 8", "paused every tab,true"]);
});

test("more fields mean asking again from the start", () => {
  const [a, b] = [tab(), tab()];
  const {want, taken, details} = demand(a, b);
  want(a, "ticker", ["A"], {fields: ["p"]});
  want(b, "ticker", ["A"], {fields: ["p"]});
  equal([taken(), details.ticker.fields], [["add ticker A"], ["p"]]);
  want(b, "ticker", ["B"], {fields: ["p", "b"]});
  equal([taken(), details.ticker.fields], [["remove ticker A", "add ticker A,B"], ["p", "b"]]);
});

test("a tab that comes back keeps only what it asks for again", () => {
  const a = tab();
  const {demand: sum, want, taken} = demand(a);
  want(a, "trades", ["A"]);
  want(a, "status", []);
  a.asked.clear();
  want(a, "status", []);
  taken();
  sum.prune(a);
  equal([taken(), [...a.wanted.keys()]], [["remove trades A"], ["status"]]);
});

test("what a tab asks for first after it comes back replaces what it wanted", () => {
  const [a, b] = [tab(), tab()];
  const {want, taken, less} = demand(a, b);
  want(a, "trades", ["A", "B"]);
  want(b, "trades", ["B"]);
  a.asked.clear();
  taken();
  want(a, "trades", ["C"]);
  equal([taken(), less], [["add trades C", "remove trades A"], [["trades", ["A"], false]]]);
  want(a, "trades", ["D"]);
  equal([taken(), [...a.wanted.get("trades")]], [["add trades D"], ["C", "D"]]);
});

test("a tab that asks for corrections is told of them until it leaves the channel", () => {
  const one = tab();
  const {demand: sum, want} = demand(one);
  want(one, "trades", ["A"], {corrections: true});
  want(one, "trades", ["B"]);
  want(one, "bars", ["A@1m"]);
  equal([...one.corrected], ["trades"]);
  sum.unwant(one, {channel: "trades", symbols: ["A", "B"]});
  equal([...one.corrected], []);
});
