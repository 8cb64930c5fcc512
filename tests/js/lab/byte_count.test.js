/** The bytes of requests and of messages on the wire, with the heads of HTTP and of WebSocket frames (RFC 6455, 5.2). */

import {ByteCount, frameBytes} from "/static/js/lab/byte_count.js";
import {equal, test} from "../harness.js";

test("frames of a socket have heads of 2, 4 or 10 bytes", () => {
  const lengths = [0, 125, 126, 65_535, 65_536];
  equal(lengths.map((length) => frameBytes("x".repeat(length))), [2, 127, 130, 65_539, 65_546]);
});

test("openings and commands of a transport are counted and handed on", () => {
  const world = [];
  const count = new ByteCount(100);
  const transport = count.watch({open: (positions) => world.push(["open", positions]), send: (command) => world.push(["send", command])});
  transport.open({ticker: "e:5"});
  transport.send({method: "ping"});
  transport.send({method: "set"});
  equal([count.openings, count.commands, count.requests], [1, 2, 0]);
  equal(world, [["open", {ticker: "e:5"}], ["send", {method: "ping"}], ["send", {method: "set"}]]);
});

/** Count a request of the page, which is answered with this text. */
async function counted(response, read) {
  const {fetch} = globalThis;
  const count = new ByteCount(100);
  globalThis.fetch = () => Promise.resolve(response);
  try {
    const answer = await count.fetch("/poll/v1/?symbols=*");
    return {count, answer, found: await read(answer)};
  } finally {
    globalThis.fetch = fetch;
  }
}

// "HTTP/1.1 200 OK" and the ends of it and of the head are 19 bytes; "x: yes" and its end are 8.
const HEAD = 27;
const answer = (text) => new Response(text, {status: 200, statusText: "OK", headers: {x: "yes"}});
const withoutType = (text) => {
  const response = answer(text);
  response.headers.delete("content-type");
  return response;
};

test("a request is its line and its header, an answer its head and its body", async () => {
  const {count, found} = await counted(withoutType('{"a": "\u00e5"}'), (each) => each.json());
  equal(found, {a: "\u00e5"});
  // "GET /poll/v1/?symbols=* HTTP/1.1", its end and the end of the header are 36 bytes.
  equal([count.requests, count.sent, count.received], [1, 136, HEAD + 11]);
});

test("a stream has a chunk for each piece that is read", async () => {
  const {count, answer: stream} = await counted(withoutType("x".repeat(17)), async () => null);
  equal([count.received, stream.status], [HEAD, 200]);
  const reader = stream.body.getReader();
  equal((await reader.read()).value.byteLength, 17);
  // Its length is "11" in hexadecimal; with two line ends these are 6 bytes.
  equal(count.received, HEAD + 17 + 6);
  equal((await reader.read()).done, true);
  equal(count.received, HEAD + 23);
});

test("a socket is a request, an answer, and its messages; what is sent has a mask", () => {
  const {WebSocket} = globalThis;
  const sockets = [];
  globalThis.WebSocket = class extends EventTarget {
    constructor(address) {
      super();
      sockets.push([address, this]);
      this.send = (data) => sockets.push(data);
    }
  };
  const count = new ByteCount(100);
  try {
    const socket = count.socket("ws://a.example/ws/v1/");
    // "GET /ws/v1/ HTTP/1.1", its end and the end of the header are 24 bytes.
    equal([count.requests, count.sent, count.received, sockets[0][0]], [1, 124, 0, "ws://a.example/ws/v1/"]);
    socket.dispatchEvent(new Event("open"));
    equal(count.received, 129);
    socket.dispatchEvent(new MessageEvent("message", {data: "hello"}));
    equal(count.received, 129 + 7);
    socket.send("four");
    equal([count.sent, sockets[1]], [124 + 10, "four"]);
  } finally {
    globalThis.WebSocket = WebSocket;
  }
});
