/**
 * A market on Node's `ws`, conflated by hand, as the peer of the benchmark of delivery: no receipts, no resuming, no
 * rights. It speaks as much of the project's wire as the load test reads.
 */

import {createServer} from "node:http";
import {WebSocketServer} from "ws";
import {Market} from "./market.js";

const [instruments, rate] = process.argv.slice(2).map(Number);
const LOOK_MS = 10;

/** A row keeps its text until its next tick. `ms` is counted from 0, and so is the `ts` of every frame. */
const market = new Market(instruments);

function textOf(row) {
  const {symbol, p, b, a, o, h, l, pc, v, at_ms} = row;
  row.text ||= `"${symbol}":{"p":${p},"b":${b},"a":${a},"o":${o},"h":${h},"l":${l},"pc":${pc},"v":${v},"ms":${-at_ms}}`;
  return row.text;
}

class Reader {
  constructor(socket, {symbols, max_rate}) {
    this.socket = socket;
    this.rows = symbols.map((symbol) => market.rows.get(symbol));
    this.interval_ms = 1000 / max_rate;
    this.due_ms = Date.now();
    this.sequence = market.sequence;
    const entries = this.rows.map(textOf).join(",");
    socket.send(`{"channel":"ticker","type":"snapshot","epoch":"e","seq":${market.sequence},"ts":0,"data":{${entries}}}`);
  }
  take(now_ms) {
    if (now_ms < this.due_ms || this.sequence === market.sequence || this.socket.bufferedAmount > 4096) return;
    const since = this.sequence;
    let entries = "";
    for (const row of this.rows) if (row.seq > since) entries += entries ? `,${textOf(row)}` : textOf(row);
    if (!entries) return;
    this.due_ms = Math.max(this.due_ms + this.interval_ms, now_ms);
    this.sequence = market.sequence;
    this.socket.send(`{"channel":"ticker","from":${since},"seq":${market.sequence},"ts":0,"data":{${entries}}}`);
  }
}

const readers = new Set();
const server = createServer((_request, response) => {
  const data = market.all.map(({symbol}) => ({s: symbol, name: symbol, sector: "", feed: "peer", d: 2, tick: 0.01, ph: "OPEN", reason: "", t: 0}));
  const frame = {channel: "status", type: "snapshot", epoch: "e", seq: market.sequence, ts: 0, data};
  const body = JSON.stringify({position: `e:${market.sequence}`, frames: [frame]});
  response.writeHead(200, {"Content-Type": "application/json", "Content-Length": Buffer.byteLength(body)});
  response.end(body);
});
new WebSocketServer({server, perMessageDeflate: false}).on("connection", (socket) => {
  let reader = null;
  socket.on("message", (message) => {
    const {method, params} = JSON.parse(String(message));
    if (method !== "subscribe") return;
    readers.delete(reader);
    reader = new Reader(socket, params);
    readers.add(reader);
  });
  socket.on("close", () => readers.delete(reader));
});
market.begin(rate);
setInterval(() => {
  const now_ms = Date.now();
  for (const reader of readers) reader.take(now_ms);
}, LOOK_MS);
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({url: `http://127.0.0.1:${server.address().port}/`})));
