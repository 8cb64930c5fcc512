/** What a page wants, as the parameters of a request; and what frames say in place of answers. */

import {Query, answersTo} from "/static/js/transports/query.js";
import {equal, ok, test} from "../harness.js";

const TICKER = {channel: "ticker", symbols: ["NVX", "ORB"], fields: ["p", "b"]};
const SUBSCRIBES = [
  {method: "subscribe", params: TICKER, id: 1},
  {method: "subscribe", params: {channel: "status"}, id: 2},
  {method: "subscribe", params: {channel: "notifications"}, id: 3},
];
const POSITIONS = {ticker: "e:7", status: "e:9", notifications: "4", trades: "e:1"};

/** Let a query take commands and hear frames, then ask. */
function asked(commands, {frames = [], positions = {}} = {}) {
  const query = new Query(() => ({...POSITIONS, ...positions}));
  const isNew = commands.map((command) => query.take(command));
  for (const frame of frames) query.hear(frame);
  const first = query.ask();
  return {
    isNew, parameters: Object.fromEntries(first.parameters), isWhole: first.isWhole,
    commands: first.commands.map(({id}) => id),
    left: [query.ask(), query.settle(first.commands), query.ask()].map((again) => again?.commands.length),
  };
}

test("a query says what is wanted and where each channel stands", () => {
  const frames = [
    {channel: "notifications", type: "snapshot", seq: 4, unread: 2, data: []},
    {channel: "watchlist", type: "snapshot", data: ["NVX", "ORB"], version: "a1", lists: []},
  ];
  equal(asked(SUBSCRIBES, {frames}), {
    isNew: [true, true, true],
    parameters: {
      channels: "ticker,status,notifications",
      symbols: "NVX,ORB",
      fields: "p,b",
      ticker_since: "e:7",
      status_since: "e:9",
      notifications_since: "4",
      unread: "2",
      lists: "a1",
    },
    isWhole: true,
    commands: [1, 2, 3],
    left: [3, undefined, 0],
  });
});

test("a channel without a position asks for a snapshot", () => {
  const {parameters} = asked(SUBSCRIBES, {positions: {ticker: null}});
  ok(!("ticker_since" in parameters), "the ticker has a position");
  equal(parameters.status_since, "e:9");
});

test("a query that wants nothing only proves that the server answers", () => {
  const {parameters, isWhole} = asked([]);
  equal({parameters, isWhole}, {parameters: {channels: "watchlist"}, isWhole: false});
});

test("a pause leaves the prices out and may raise no position", () => {
  const pause = {method: "set", params: {paused: true, max_rate: 5}, id: 4};
  const {isNew, parameters, isWhole} = asked([...SUBSCRIBES, pause, pause]);
  equal(isNew, [true, true, true, true, false]);
  equal(parameters.channels, "status,notifications");
  equal(["symbols", "fields", "ticker_since"].filter((key) => key in parameters), []);
  equal(isWhole, false);
});

test("the last symbol takes its channel along", () => {
  const drop = (params) => asked([...SUBSCRIBES, {method: "unsubscribe", params, id: 5}]).parameters;
  equal(drop({channel: "ticker", symbols: ["NVX"]}).symbols, "ORB");
  equal(drop(TICKER).channels, "status,notifications");
});

test("an acknowledgement makes no other query", () => {
  const {isNew, commands} = asked([{method: "ack", params: {position: "e:7"}}]);
  equal({isNew, commands}, {isNew: [false], commands: []});
});

test("frames stand for the answers", () => {
  const answers = (commands, frames) => {
    const parameters = new URLSearchParams("status_since=e:7&trades_since=e:1");
    return answersTo({commands, parameters}, frames).map(({id, result}) => ({id, ...result}));
  };
  const resume = {method: "subscribe", params: {channel: "status", since: "e:7"}, id: 2};
  const more = {method: "subscribe", params: {channel: "trades", symbols: ["ORB"]}, id: 3};
  const snapshot = {channel: "ticker", type: "snapshot", data: [{s: "NVX"}]};
  equal(answers([SUBSCRIBES[0], resume, more], [snapshot]), [
    {id: 1, channel: "ticker", resumed: false, rejected: {ORB: "unknown symbol"}},
    {id: 2, channel: "status", resumed: true, rejected: {}},
    {id: 3, channel: "trades", resumed: true, rejected: {}},
  ]);
  const untraded = {channel: "trades", type: "snapshot", data: []};
  equal(answers([more], [untraded]), [{id: 3, channel: "trades", resumed: false, rejected: {}}]);
});

test("books have a parameter of their own, so a list of prices stays short of them", () => {
  const book = {method: "subscribe", params: {channel: "depth", symbols: ["QAL"]}, id: 9};
  const {parameters} = asked([SUBSCRIBES[0], book], {positions: {depth: "e:8"}});
  equal([parameters.symbols, parameters.depth, parameters.depth_since], ["NVX,ORB", "QAL", "e:8"]);
});

test("corrections are asked for with trades and bars, and with nothing else", () => {
  const ask = (channel) => ({method: "subscribe", params: {channel, symbols: ["NVX@1m"], corrections: true}, id: 1});
  for (const channel of ["trades", "bars"]) equal(asked([ask(channel)]).parameters.corrections, "1");
  const over = {method: "unsubscribe", params: {channel: "trades", symbols: ["NVX@1m"]}, id: 2};
  equal(asked([ask("trades"), SUBSCRIBES[1], over]).parameters.corrections, undefined);
  equal(asked(SUBSCRIBES).parameters.corrections, undefined);
});
