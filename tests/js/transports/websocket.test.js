/** A WebSocket that the test holds in its hands: what counts as open, and what is heard of its end. */

import {WebSocketTransport} from "/static/js/transports/websocket.js";
import {equal, test} from "../harness.js";

const HEARTBEAT = '{"channel":"heartbeat","seq":7,"ts":1}';

function opened() {
  const world = {sent: [], closed: [], heard: []};
  const make = (url) => {
    world.url = url;
    world.socket = {readyState: WebSocket.OPEN, send: (text) => world.sent.push(text), close: (code) => world.closed.push(code)};
    return world.socket;
  };
  world.transport = new WebSocketTransport("ws://a/", make);
  world.transport.onopen = () => world.heard.push("open");
  world.transport.onframe = (frame, bytes) => world.heard.push(`${frame.type} ${bytes}`);
  world.transport.onclose = (ending) => world.heard.push(ending);
  world.transport.open();
  return world;
}

test("only a frame shows that a socket carries something", () => {
  const {socket, heard, url} = opened();
  socket.onmessage({data: "no frame"});
  equal([url, heard], ["ws://a/", []]);
  socket.onmessage({data: HEARTBEAT});
  socket.onmessage({data: HEARTBEAT});
  const said = `heartbeat ${HEARTBEAT.length}`;
  equal(heard, ["open", said, said]);
});

test("the end is heard with its code and reason", () => {
  const {socket, heard} = opened();
  socket.onclose({code: 4401, reason: "signed out"});
  equal(heard, [{code: 4401, reason: "signed out", retry_ms: 0}]);
});

test("a command goes out while the socket is open, and else nowhere", () => {
  const {transport, socket, sent} = opened();
  transport.send({method: "ping", params: {}, id: 3});
  socket.readyState = WebSocket.CLOSING;
  transport.send({method: "ping", params: {}, id: 4});
  equal(sent.map((text) => JSON.parse(text).id), [3]);
});

test("a transport that was closed says nothing more", () => {
  const {transport, socket, closed, heard} = opened();
  transport.close();
  transport.close();
  equal([socket.onmessage, socket.onclose, closed, heard], [null, null, [1000], []]);
});

test("opening again ends the former socket, and has to be proven again", () => {
  const world = opened();
  const former = world.socket;
  former.onmessage({data: HEARTBEAT});
  world.transport.open();
  equal([former.onclose, world.closed], [null, [1000]]);
  world.socket.onmessage({data: HEARTBEAT});
  equal(world.heard.filter((what) => what === "open").length, 2);
});
