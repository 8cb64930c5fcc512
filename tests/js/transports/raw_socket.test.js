/** A bare socket tells of its own end alone, and sends nothing while it is not open. */

import {RawSocket} from "/static/js/transports/raw_socket.js";
import {equal, test} from "../harness.js";

/** Run a check with sockets that the test opens and ends. */
function sockets(check) {
  const was = globalThis.WebSocket;
  const made = [];
  globalThis.WebSocket = class {
    static OPEN = 1;
    readyState = 0;
    sent = [];
    closed = [];
    constructor(url) {
      this.url = url;
      made.push(this);
    }
    send(text) {
      this.sent.push(text);
    }
    close(code) {
      this.closed.push(code);
    }
  };
  try {
    check(made);
  } finally {
    globalThis.WebSocket = was;
  }
}

test("texts go out only while it is open, and come in as text", () => sockets((made) => {
  const socket = new RawSocket("wss://here/");
  const heard = [];
  socket.onopen = () => heard.push("open");
  socket.ontext = (text) => heard.push(text);
  equal([socket.isOpen, socket.send("early"), made.length], [false, false, 0]);
  socket.open();
  equal([made[0].url, socket.isOpen, socket.send("early"), made[0].sent], ["wss://here/", false, false, []]);
  made[0].readyState = 1;
  made[0].onopen();
  made[0].onmessage({data: 7});
  equal([socket.isOpen, socket.send("now"), made[0].sent, heard], [true, true, ["now"], ["open", "7"]]);
  socket.close();
  equal(made[0].closed, [1000]);
}));

test("opening again ends the former socket, whose end is no news", () => sockets((made) => {
  const socket = new RawSocket("wss://here/");
  const codes = [];
  socket.onclose = (code) => codes.push(code);
  socket.open();
  socket.open();
  equal([made.length, made[0].closed, made[1].closed], [2, [1000], []]);
  made[0].onclose({code: 1000});
  equal(codes, []);
  made[1].onclose({code: 4503});
  equal([codes, socket.isOpen, socket.send("late")], [[4503], false, false]);
  socket.close();
  socket.open();
  equal([made[1].closed, made.length], [[], 3]);
}));
