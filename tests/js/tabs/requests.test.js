/** What tabs ask for and the server has not answered: each is served when its answer is there, in order. */

import {Requests} from "/static/js/tabs/requests.js";
import {equal, test} from "../harness.js";

/** A world in which a channel is whole when it is named, and symbols are held when they are. */
function world({whole = ["ticker", "trades", "status", "watchlist", "bars", "depth", "notifications"], held = []} = {}) {
  const known = {isWhole: (channel) => whole.includes(channel), holds: (channel, symbol) => held.includes(`${channel} ${symbol}`)};
  const requests = new Requests(known);
  const served = [];
  const tab = (name, wanted) => ({name, wanted: new Map(Object.entries(wanted).map(([channel, symbols]) => [channel, new Set(symbols)])), serve: (command, answer) => served.push([name, command, answer])});
  const ask = (of, channel, symbols = []) => requests.add({tab: of, command: `${of.name} ${channel}`, channel, symbols});
  return {requests, served, tab, ask, whole, held};
}

test("a request is served once the server said how its channel goes on", () => {
  const {requests, served, tab, ask, held} = world();
  held.push("ticker NVX");
  ask(tab("a", {ticker: ["NVX"]}), "ticker", ["NVX"]);
  requests.serve();
  equal(served, []);
  requests.settle("ticker");
  requests.serve();
  requests.serve();
  equal(served, [["a", "a ticker", {symbols: ["NVX"], rejected: {}}]]);
});

test("a channel that is not on the tape needs no word of the server", () => {
  const {requests, served, tab, ask, whole} = world({whole: []});
  ask(tab("a", {watchlist: []}), "watchlist");
  requests.serve();
  equal(served, [], "its lists have not come");
  whole.push("watchlist");
  requests.serve();
  equal(served.length, 1);
});

test("prices wait for every symbol that the server knows", () => {
  const {requests, served, tab, ask, held} = world();
  requests.settle("ticker");
  ask(tab("a", {ticker: ["NVX", "ORB", "NEW"]}), "ticker", ["NVX", "ORB", "NEW"]);
  held.push("ticker NVX");
  requests.unknownOf("ticker").add("NEW");
  requests.serve();
  equal(served, []);
  held.push("ticker ORB");
  requests.serve();
  equal(served, [["a", "a ticker", {symbols: ["NVX", "ORB"], rejected: {NEW: "unknown symbol"}}]]);
});

test("who asks again for an unknown symbol waits for a new answer", () => {
  const {requests, served, tab, ask} = world();
  requests.settle("ticker");
  requests.unknownOf("ticker").add("NEW");
  ask(tab("a", {ticker: ["NEW"]}), "ticker", ["NEW"]);
  equal([...requests.unknownOf("ticker")], []);
  requests.serve();
  equal(served, []);
});

test("a tab that changed its mind is answered at once, with the symbols that it still wants", () => {
  const {requests, served, tab, ask, held} = world();
  ask(tab("a", {}), "ticker", ["NVX"]);
  requests.serve();
  equal(served, [["a", "a ticker", {symbols: [], rejected: {}}]]);
  requests.settle("ticker");
  held.push("ticker NVX", "ticker ORB");
  ask(tab("b", {ticker: ["ORB"]}), "ticker", ["NVX", "ORB"]);
  requests.serve();
  equal(served[1], ["b", "b ticker", {symbols: ["ORB"], rejected: {}}]);
});

test("trades wait until all snapshots that were asked for have come", () => {
  const {requests, served, tab, ask} = world();
  requests.expect("trades");
  requests.expect("trades");
  requests.expect("ticker");
  ask(tab("a", {trades: ["NVX"]}), "trades", ["NVX"]);
  requests.settle("trades");
  requests.serve();
  equal(served, []);
  requests.settle("ticker");
  requests.serve();
  equal(served, []);
  requests.settle("trades");
  requests.serve();
  equal(served.length, 1);
});

test("a snapshot more than was asked for does not let later trades through", () => {
  const {requests, served, tab, ask} = world();
  requests.settle("trades");
  requests.settle("trades");
  requests.expect("trades");
  ask(tab("a", {trades: ["NVX"]}), "trades", ["NVX"]);
  requests.serve();
  equal(served, []);
});

test("after a new connection every channel must be answered again, and nothing of before is expected", () => {
  const {requests, served, tab, ask} = world();
  requests.settle("status");
  requests.settle("trades");
  requests.expect("trades");
  requests.unsettle();
  ask(tab("a", {status: [], trades: ["NVX"]}), "status");
  ask(tab("b", {trades: ["NVX"]}), "trades", ["NVX"]);
  requests.serve();
  equal(served, []);
  requests.settle("status");
  requests.settle("trades");
  requests.serve();
  equal(served.map(([name]) => name), ["a", "b"]);
});

test("a gap unsettles its own channel alone", () => {
  const {requests, served, tab, ask} = world();
  for (const channel of ["status", "trades"]) requests.settle(channel);
  requests.expect("trades");
  requests.unsettle("status");
  ask(tab("a", {status: []}), "status");
  ask(tab("b", {trades: ["NVX"]}), "trades", ["NVX"]);
  requests.serve();
  equal(served, []);
  requests.settle("trades");
  requests.serve();
  equal(served.map(([name]) => name), ["b"]);
  requests.unsettle("trades");
  ask(tab("c", {trades: ["NVX"]}), "trades", ["NVX"]);
  requests.serve();
  equal(served.length, 1);
});

test("requests of a tab that is gone are dropped, and those of others stay", () => {
  const {requests, served, tab, ask} = world();
  const [a, b] = [tab("a", {status: []}), tab("b", {status: []})];
  ask(a, "status");
  ask(b, "status");
  equal(requests.drop(a).map(({command}) => command), ["a status"]);
  requests.settle("status");
  requests.serve();
  equal(served.map(([name]) => name), ["b"]);
  ask(a, "status");
  ask(b, "status");
  equal(requests.drop().length, 2);
  requests.serve();
  equal(served.length, 1);
});

test("a command that was cancelled is not answered", () => {
  const {requests, served, tab, ask} = world();
  const a = tab("a", {status: [], watchlist: []});
  ask(a, "status");
  ask(a, "watchlist");
  requests.cancel("a status");
  requests.settle("status");
  requests.serve();
  equal(served.map(([, command]) => command), ["a watchlist"]);
});

test("a channel without symbols has no unknown ones", () => {
  const {requests} = world();
  requests.unknownOf("status").add("NVX");
  equal([...requests.unknownOf("status")], []);
});
