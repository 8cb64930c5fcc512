/** A stream of server-sent events, from its first event to its end. */

import {SseTransport} from "/static/js/transports/sse.js";
import {equal, test} from "../harness.js";

const WELCOME = {channel: "status", type: "welcome", server_time: 5, heartbeat_ms: 5000};

/** Follow streams to the end: each answer is the text of a stream, or the status of a refusal. */
async function followed(...answers) {
  const [heard, queries, sizes] = [[], [], []];
  const fetch = async (address) => {
    queries.push(new URL(address, location.href).search);
    const answer = answers.shift();
    if (typeof answer === "string") return new Response(answer);
    return new Response('{"error":{"code":429}}', {status: answer, headers: {"Retry-After": "7"}});
  };
  const transport = new SseTransport({url: "/sse/v1/", fetch});
  const ended = new Promise((resolve) => { transport.onclose = resolve; });
  transport.onopen = () => heard.push("open");
  transport.onframe = (frame, bytes) => {
    heard.push(`${frame.type} ${frame.seq ?? ""}`.trim());
    sizes.push(bytes);
  };
  transport.open(() => ({}));
  return {ending: await ended, heard, queries, sizes};
}

function event(frame, fields = {}) {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`);
  return `${lines.join("")}data: ${JSON.stringify(frame)}\n\n`;
}

test("a stream is closed with the code of the server", async () => {
  const goodbye = event({code: 4401, reason: "signed out"}, {event: "close"});
  const text = event(WELCOME) + event({channel: "heartbeat", seq: 9, ts: 6}) + goodbye;
  const {ending, heard} = await followed(text);
  equal(ending, {code: 4401, reason: "signed out", retry_ms: 0});
  // The first query asks for nothing, so its position means nothing.
  equal(heard, ["open", "welcome", "heartbeat 0"]);
});

test("a stream is not silent beside its heartbeats", () => {
  equal(new SseTransport({url: "/sse/v1/"}).quiet_ms, 0);
});

test("a stream that breaks off is lost", async () => {
  equal((await followed(event(WELCOME))).ending.code, 1006);
});

test("a refused stream says when to come back", async () => {
  const {ending, queries} = await followed(429);
  equal(ending, {code: 4429, reason: "HTTP 429", retry_ms: 7000});
  equal(queries, ["?channels=watchlist"]);
});

test("the bytes of a piece are counted once, with its first frame", async () => {
  const news = (seq) => event({channel: "ticker", from: seq - 1, seq, ts: 1, data: {}}, {id: `e:${seq}`});
  const text = event(WELCOME) + news(5) + news(6);
  const {heard, sizes} = await followed(text);
  equal(heard, ["open", "welcome", "update 5", "heartbeat 0", "update 6", "heartbeat 0"]);
  equal(sizes, [text.length, 0, 0, 0, 0]);
});

test("what is wrong with the database stays until a heartbeat says that it is over", async () => {
  const news = (seq) => event({channel: "ticker", from: seq - 1, seq, ts: 1, data: {}}, {id: `e:${seq}`});
  const beat = (more) => event({channel: "heartbeat", seq: 5, ts: 1, ...more});
  const text = event(WELCOME) + beat({trouble: "The disk is full."}) + news(6) + beat({}) + news(7);
  const told = [];
  const transport = new SseTransport({url: "/sse/v1/", fetch: () => Promise.resolve(new Response(text))});
  const ended = new Promise((resolve) => { transport.onclose = resolve; });
  transport.onframe = (frame) => frame.type === "heartbeat" && told.push(frame.trouble ?? "");
  transport.open(() => ({}));
  await ended;
  equal(told, ["The disk is full.", "The disk is full.", "", ""]);
});

test("the answers come before the frames that follow from the commands, as over a WebSocket", async () => {
  const heard = [];
  const part = (more) => event({channel: "trades", type: "snapshot", epoch: "e", seq: 5, ts: 1, data: [], ...more});
  const last = event({channel: "trades", type: "snapshot", epoch: "e", seq: 5, ts: 1, data: []}, {id: "e:5"});
  const next = event({channel: "trades", from: 5, seq: 6, ts: 1, data: []}, {id: "e:6"});
  const text = event(WELCOME) + part({more: true}) + last + next;
  const fetch = (address) => address.includes("trades") ? Promise.resolve(new Response(text)) : new Promise(() => {});
  const transport = new SseTransport({url: "/sse/v1/", fetch});
  const ended = new Promise((resolve) => { transport.onclose = resolve; });
  let bytes = 0;
  transport.onframe = (frame, size) => {
    heard.push(frame.type);
    bytes += size;
  };
  transport.open(() => ({}));
  transport.send({method: "subscribe", params: {channel: "trades", symbols: ["A"]}, id: 1});
  await ended;
  equal(heard, ["welcome", "answer", "snapshot", "snapshot", "heartbeat", "update", "heartbeat"]);
  equal(bytes, text.length);
});

test("the bytes are those of the first frame though the piece begins with an event of two", async () => {
  const text = event({channel: "ticker", from: 4, seq: 5, ts: 1, data: {}}, {id: "e:5"});
  equal((await followed(text)).sizes, [text.length, 0]);
});
