/** The four transports of the lab, and what is counted of each. */

import {KEYS, openTransports} from "/static/js/lab/transports.js";
import {candidatesOf} from "/static/js/transports/catalogue.js";
import {equal, ok, test} from "../harness.js";

const ADDRESSES = {socketUrl: "ws://a/ws/", sseUrl: "/sse/", pollUrl: "/poll/"};

test("each transport has a candidate and a byte count of its own", () => {
  const {transports, poll} = openTransports({...ADDRESSES, interval_ms: 250, header_bytes: 100});
  equal([KEYS, Object.keys(transports)], [["websocket", "sse", "longpoll", "poll"], ["websocket", "sse", "longpoll", "poll"]]);
  const names = KEYS.map((key) => [transports[key].candidate.key, transports[key].candidate.name]);
  equal(names, [["websocket", "WebSocket"], ["sse", "SSE"], ["longpoll", "Long poll"], ["poll", "Polling"]]);
  equal(new Set(KEYS.map((key) => transports[key].byteCount)).size, 4);
  ok(transports.poll.candidate.make() === poll, "the interval poll is another");
});

test("openings and commands are counted for the transport that they are of", () => {
  const {transports} = openTransports({...ADDRESSES, interval_ms: 250, header_bytes: 100});
  for (const key of KEYS) {
    const made = transports[key].candidate.make();
    made.send({method: "ping", params: {}, id: 1});
    equal(KEYS.map((each) => transports[each].byteCount.commands), KEYS.map((each) => Number(KEYS.indexOf(each) <= KEYS.indexOf(key))));
  }
});

test("a page has the same four, the best first, and its own poll", () => {
  const poll = {};
  const candidates = candidatesOf({...ADDRESSES, poll});
  equal(candidates.map(({key}) => key), KEYS);
  equal(candidates.map(({make}) => make().name), ["WebSocket", "SSE", "Long poll", undefined]);
  ok(candidates.at(-1).make() === poll, "the interval poll is another");
});
