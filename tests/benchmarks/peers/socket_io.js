/** A market on Socket.IO, with a room for each symbol: each tick goes to everybody in its room. */

import {createServer} from "node:http";
import {Server} from "socket.io";
import {Market} from "./market.js";

const [instruments, rate, clients] = process.argv.slice(2).map(Number);
const market = new Market(instruments);
const server = createServer();
const io = new Server(server, {transports: ["websocket"], serveClient: false});
let readers = 0;

function publish({symbol, p, b, a, o, h, l, pc, v, seq, at_ms}) {
  const data = {[symbol]: {p, b, a, o, h, l, pc, v, ms: 0}};
  io.to(symbol).emit("tick", {channel: "ticker", from: seq - 1, seq, ts: at_ms, data});
}

io.on("connection", (socket) => {
  socket.on("subscribe", (symbols) => {
    socket.join(symbols);
    readers += 1;
    if (readers === clients) market.begin(rate, publish);
  });
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({url: `http://127.0.0.1:${server.address().port}/`})));
