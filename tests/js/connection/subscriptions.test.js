/** What a page wants, asked for again and again; with a clock that is moved by hand. */

import {Subscriptions} from "/static/js/connection/subscriptions.js";
import {ManualClock, equal, test} from "../harness.js";

/** Subscriptions to prices of A that a connection has just begun with. */
function begun(details = {}) {
  const world = {clock: new ManualClock(), positions: {}, sent: []};
  world.subscriptions = new Subscriptions({
    positions: () => world.positions, random: () => 0.5, now: () => world.clock.now_ms, timers: world.clock, details,
  });
  world.subscriptions.add("ticker", ["A"]);
  world.subscriptions.begin((command) => world.sent.push(command));
  world.params = () => world.sent.map(({params}) => params);
  return world;
}

const answer = (id, more) => ({channel: "answer", type: "answer", method: "subscribe", id, result: {}, error: null, ...more});
const refusal = (id, retry) => answer(id, {success: false, error: {code: 503, name: "unavailable", message: "", retry}});

test("a new connection is asked for everything, each channel from its position", () => {
  const {subscriptions, positions, sent, params} = begun({ticker: {fields: ["p"]}});
  subscriptions.add("status");
  equal(params(), [{channel: "ticker", symbols: ["A"], fields: ["p"]}, {channel: "status"}]);
  positions.ticker = "e:7";
  sent.length = 0;
  subscriptions.begin((command) => sent.push(command));
  equal(params(), [{channel: "ticker", symbols: ["A"], since: "e:7", fields: ["p"]}, {channel: "status"}]);
});

test("a refusal that may be retried is retried", () => {
  const {subscriptions, clock, sent, params} = begun();
  equal(subscriptions.settle(refusal(sent[0].id, true)), null);
  clock.advance(499);
  equal(sent.length, 1);
  clock.advance(1_000);
  equal(params(), [{channel: "ticker", symbols: ["A"]}, {channel: "ticker", symbols: ["A"]}]);
  equal(subscriptions.settle(answer(sent[1].id, {success: true})), "ticker");
});

test("a refusal is retried as often as it comes", () => {
  const {subscriptions, clock, sent} = begun();
  for (let times = 1; times < 5; times += 1) {
    equal(sent.length, times);
    subscriptions.settle(refusal(sent[times - 1].id, true));
    clock.advance(1_500);
  }
  equal(sent.length, 5);
});

test("a channel is open once the server has said so", () => {
  const {subscriptions, clock, sent} = begun();
  subscriptions.add("trades", ["A"]);
  const open = () => ["ticker", "trades", "deck"].filter((channel) => subscriptions.isOpen(channel));
  equal(open(), []);
  subscriptions.settle(answer(sent[0].id, {success: true}));
  equal(open(), ["ticker"]);
  subscriptions.settle(refusal(sent[1].id, true));
  equal(open(), ["ticker"]);
  clock.advance(1_500);
  subscriptions.settle(answer(sent[2].id, {success: true}));
  equal(open(), ["ticker", "trades"]);
  subscriptions.add("deck");
  subscriptions.settle(refusal(sent[3].id, false));
  equal(open(), ["ticker", "trades"]);
  subscriptions.begin((command) => sent.push(command));
  equal(open(), []);
});

test("the answer to a subscription that was ended opens nothing", () => {
  const {subscriptions, sent} = begun();
  subscriptions.remove("ticker", ["A"]);
  subscriptions.add("ticker", ["A"]);
  equal(subscriptions.settle(answer(sent[0].id, {success: true})), null);
  equal(subscriptions.isOpen("ticker"), false);
  equal(subscriptions.settle(answer(sent[2].id, {success: true})), "ticker");
  equal(subscriptions.isOpen("ticker"), true);
});

test("a refusal for good is not retried", () => {
  const {subscriptions, clock, sent} = begun();
  subscriptions.settle(refusal(sent[0].id, false));
  clock.advance(60_000);
  equal(sent.length, 1);
});

test("what nobody wants any more is not retried", () => {
  const {subscriptions, clock, sent} = begun();
  subscriptions.settle(refusal(sent[0].id, true));
  subscriptions.remove("ticker", ["A"]);
  clock.advance(60_000);
  equal(sent.map(({method}) => method), ["subscribe", "unsubscribe"]);
});

test("a gap is asked for once, until the answer is overdue", () => {
  const {subscriptions, positions, clock, sent, params} = begun();
  positions.ticker = "e:7";
  for (let times = 0; times < 3; times += 1) subscriptions.mend("ticker");
  equal(params().slice(1), [{channel: "ticker", symbols: ["A"], since: "e:7"}]);
  clock.advance(5_001);
  subscriptions.mend("ticker");
  equal(sent.length, 3);
  subscriptions.mended("ticker");
  subscriptions.mend("ticker");
  equal(sent.length, 4);
});

test("pace and pause are sent when they change, and again to a new connection", () => {
  const {subscriptions, sent} = begun();
  const sets = () => sent.filter(({method}) => method === "set").map(({params}) => params);
  subscriptions.setRate(5);
  subscriptions.setPaused("a", true);
  subscriptions.setPaused("b", true);
  subscriptions.setPaused("a", false);
  equal(sets(), [{paused: false, max_rate: 5}, {paused: true, max_rate: 5}]);
  subscriptions.begin((command) => sent.push(command));
  equal(sets().slice(2), [{paused: true, max_rate: 5}]);
});
