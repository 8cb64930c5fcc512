/** Long poll and interval poll, which ask again and again; with a server and a clock that the test moves. */

import {LongPollTransport} from "/static/js/transports/longpoll.js";
import {PollTransport} from "/static/js/transports/poll.js";
import {ManualClock, each, equal, ok, settled, steps, test} from "../harness.js";

/**
 * Let a transport ask a server that answers after `answers_ms`, for `span_ms`. `requests` are the times, each with
 * what it asked the server to wait.
 */
async function asking({kind = "longpoll", answers_ms = 10, max_rate = 10, span_ms = 3000, status = 200, paused = false} = {}) {
  const clock = new ManualClock();
  const [requests, heard, endings] = [[], [], []];
  const heartbeat = {channel: "heartbeat", seq: 7, ts: 1};
  const body = new TextEncoder().encode(JSON.stringify({position: "e:7", frames: [heartbeat]}));
  const fetch = (address, {signal}) => new Promise((resolve, reject) => {
    requests.push({at_ms: clock.now_ms, wait: new URL(address, location.href).searchParams.get("wait")});
    const headers = new Headers({"Retry-After": "7"});
    const answer = {status, headers, json: async () => ({error: {code: 429}}), arrayBuffer: async () => body};
    clock.setTimeout(() => resolve(answer), answers_ms);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  const options = {url: "/poll/v1/", fetch, now: () => clock.now_ms, timers: clock};
  const transport = kind === "poll" ? new PollTransport({...options, interval_ms: 1000}) : new LongPollTransport(options);
  transport.onframe = (frame) => heard.push(`${frame.type} ${frame.seq ?? ""}`.trim());
  transport.onclose = (ending) => endings.push(ending);
  transport.onopen = () => {
    heard.push("open");
    transport.send({method: "set", params: {max_rate, paused}, id: 1});
    transport.send({method: "subscribe", params: {channel: "status"}, id: 2});
    transport.send({method: "subscribe", params: {channel: "ticker", symbols: ["NVX"]}, id: 3});
  };
  transport.open(() => ({}));
  for (let passed_ms = 0; passed_ms < span_ms; passed_ms += 10) {
    clock.advance(10);
    await settled(20);
  }
  return {times: requests.map(({at_ms}) => at_ms), waits: requests.map(({wait}) => wait), heard, endings, meter: transport.meter};
}

const isWithin = (low, high) => (number) => low <= number && number <= high;

test("a long poll asks again at once but no faster than the pace", async () => {
  const fast = steps((await asking({max_rate: 5})).times.slice(1));
  ok(fast.length > 10 && fast.every(isWithin(200, 220)), () => `rests of ${fast} ms`);
  const slow = steps((await asking({max_rate: 5, answers_ms: 400})).times);
  ok(slow.length > 3 && slow.every(isWithin(400, 420)), () => `rests of ${slow} ms`);
});

test("only a query without commands waits for news", async () => {
  equal((await asking()).waits.slice(0, 4), ["10", null, "10", "10"]);
  equal(new Set((await asking({kind: "poll"})).waits), new Set([null]));
});

test("the first answer proves that the server answers and carries nothing", async () => {
  equal((await asking()).heard.slice(0, 5), ["open", "answer", "answer", "answer", "heartbeat 7"]);
});

// It left the prices out: to stand where it stands would be to lose them.
test("while paused an answer raises no position", () =>
  each(["poll", "longpoll"], async (kind) => {
    const {heard} = await asking({kind, paused: true});
    equal(new Set(heard.filter((line) => line.startsWith("heartbeat"))), new Set(["heartbeat 0"]));
  }));

test("a poll keeps its interval", () =>
  each([[10, 1000], [0.5, 2000]], async ([max_rate, interval_ms]) => {
    const {times, meter} = await asking({kind: "poll", max_rate, span_ms: 9000});
    const rests = steps(times.slice(1));
    ok(rests.length > 2, () => `${times.length} requests`);
    equal(new Set(rests), new Set([interval_ms]));
    equal(meter.requests, times.length);
  }));

test("a poll that is refused says when it may come back", () =>
  each(["poll", "longpoll"], async (kind) => {
    const {times, endings} = await asking({kind, status: 429});
    equal(endings, [{code: 4429, reason: "HTTP 429", retry_ms: 7000}]);
    equal(times.length, 1);
  }));

test("a poll without news says that the server lives", async () => {
  const {heard, meter} = await asking({kind: "poll", status: 304});
  equal(heard.slice(0, 5), ["open", "answer", "answer", "answer", "heartbeat 0"]);
  equal(meter.unchanged, meter.requests);
  ok(meter.requests > 2, () => `${meter.requests} requests`);
});

test("a poll that is not answered is given up", async () => {
  const {endings} = await asking({kind: "poll", answers_ms: 60_000, span_ms: 9000});
  equal(endings.map(({code}) => code), [1006]);
});
