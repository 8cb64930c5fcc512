/** Long poll and interval poll, which ask again and again; with a server and a clock that the test moves. */

import {LongPollTransport} from "/static/js/transports/longpoll.js";
import {PollTransport} from "/static/js/transports/poll.js";
import {ManualClock, each, equal, ok, settled, steps, test} from "../harness.js";

const ANSWER = JSON.stringify({position: "e:7", frames: [{channel: "heartbeat", seq: 7, ts: 1}]});

/**
 * Let a transport ask a server that answers after `answers_ms`, for `span_ms`. `requests` are the times, each with
 * what it asked the server to wait. `sizes` are the bytes of the frames that were handed on; `ended_ms` says when it was given up.
 */
async function asking({kind = "longpoll", answers_ms = 10, max_rate = 10, span_ms = 3000, status = 200, paused = false, answer: text = ANSWER} = {}) {
  const clock = new ManualClock();
  const [requests, heard, sizes, endings] = [[], [], [], []];
  let ended_ms = null;
  const body = new TextEncoder().encode(text);
  const fetch = (address, {signal}) => new Promise((resolve, reject) => {
    requests.push({at_ms: clock.now_ms, wait: new URL(address, location.href).searchParams.get("wait")});
    const headers = new Headers({"Retry-After": "7"});
    const answer = {status, headers, json: async () => ({error: {code: 429}}), arrayBuffer: async () => body};
    clock.setTimeout(() => resolve(answer), answers_ms);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  const options = {url: "/poll/v1/", fetch, now: () => clock.now_ms, timers: clock};
  const transport = kind === "poll" ? new PollTransport({...options, interval_ms: 1000}) : new LongPollTransport(options);
  transport.onframe = (frame, bytes) => {
    heard.push(`${frame.type} ${frame.seq ?? ""}`.trim());
    sizes.push(bytes);
  };
  transport.onclose = (ending) => {
    endings.push(ending);
    ended_ms = clock.now_ms;
  };
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
  return {times: requests.map(({at_ms}) => at_ms), waits: requests.map(({wait}) => wait), heard, sizes, endings, ended_ms, meter: transport.meter, transport};
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
  const {heard, sizes, meter} = await asking({kind: "poll", status: 304});
  equal(heard.slice(0, 5), ["open", "answer", "answer", "answer", "heartbeat 0"]);
  equal(meter.unchanged, meter.requests);
  ok(meter.requests > 2, () => `${meter.requests} requests`);
  equal([new Set(sizes), meter.bytes], [new Set([0]), 0]);
});

test("the bytes of an answer are counted once, with its first frame", async () => {
  const {heard, sizes, meter} = await asking({kind: "poll", span_ms: 900});
  equal([heard, sizes], [["open", "answer", "answer", "answer", "heartbeat 7"], [ANSWER.length, 0, 0, 0]]);
  equal([meter.requests, meter.unchanged, meter.bytes], [2, 0, 2 * ANSWER.length]);
});

test("a request that is not answered is given up after eight seconds, a long poll ten seconds later", () =>
  each([["poll", 8_000], ["longpoll", 18_000]], async ([kind, ended_ms]) => {
    const world = await asking({kind, answers_ms: 60_000, span_ms: 20_000});
    equal([world.endings, world.ended_ms], [[{code: 1006, reason: "no answer", retry_ms: 0}], ended_ms]);
    equal([world.times, world.heard], [[0], []]);
  }));

test("an answer without frames ends the connection, and says why", () =>
  each(["{}", "[]", "null", "7", '{"frames": null}', '{"frames": {}}', '{"frames": "map"}'], async (answer) => {
    const {times, heard, endings} = await asking({answer});
    equal(endings, [{code: 1006, reason: "TypeError: the answer has no frames", retry_ms: 0}]);
    equal([times, heard], [[0], []]);
  }));

test("a frame that nobody knows is left out, and the others of its answer are heard", async () => {
  const answer = JSON.stringify({frames: [{channel: "weather"}, {channel: "heartbeat", seq: 7, ts: 1}]});
  equal((await asking({kind: "poll", span_ms: 900, answer})).heard.slice(-2), ["answer", "heartbeat 7"]);
});

test("how long it may be silent is its rest or what it asks the server to wait, whichever is longer", () =>
  each([["poll", 10, false, 1_000], ["poll", 0.5, false, 2_000], ["poll", 10, true, 5_000], ["longpoll", 10, false, 10_000], ["longpoll", 0.05, false, 20_000]],
    async ([kind, max_rate, paused, quiet_ms]) => equal((await asking({kind, max_rate, paused, span_ms: 1500})).transport.quiet_ms, quiet_ms)));
