/** The reader of one channel, here the deck: it asks once per socket, comes back when it may, and tells what it sees. */

import {readChannel} from "/static/js/connection/channel_reader.js";
import {isDeckFrame} from "/static/js/wire/checks.js";
import {each, equal, test} from "../harness.js";
import {stopped} from "../stopped_time.js";

const FRAME = {channel: "deck", feeds: [], process: {}, connections: 3};

/** Read while time and chance stand still. */
function reading(check) {
  return stopped(async (clock) => {
    const was = [globalThis.WebSocket, Math.random];
    const world = {made: [], frames: [], states: [], signedOut: 0};
    globalThis.WebSocket = class {
      static OPEN = 1;
      readyState = 1;
      sent = [];
      constructor(url) {
        this.url = url;
        world.made.push(this);
      }
      send(text) {
        this.sent.push(JSON.parse(text));
      }
      close() {}
    };
    Math.random = () => 0.5;
    world.hear = (message) => world.made.at(-1).onmessage({data: JSON.stringify(message)});
    world.end = (code) => world.made.at(-1).onclose({code});
    try {
      readChannel("wss://here/deck", {channel: "deck", isFrame: isDeckFrame, onframe: (frame) => world.frames.push(frame), onstate: (...state) => world.states.push(state), onsignedout: () => { world.signedOut += 1; }});
      await check(world, clock);
    } finally {
      [globalThis.WebSocket, Math.random] = was;
    }
  });
}

test("it subscribes when the socket opens, and hands frames of the deck on", () => reading((world) => {
  const [socket] = world.made;
  equal([socket.url, socket.sent], ["wss://here/deck", []]);
  socket.onopen();
  equal(socket.sent, [{method: "subscribe", params: {channel: "deck"}, id: 1}]);
  world.hear(FRAME);
  equal([world.frames, world.states], [[FRAME], [["open", "Live"]]]);
}));

test("what is no frame of the deck is not shown", () => reading((world) => each([
  {...FRAME, channel: "status"}, {...FRAME, feeds: {}}, {...FRAME, process: 1}, {...FRAME, connections: "3"},
], (frame) => {
  world.hear(frame);
  equal([world.frames, world.states], [[], []]);
})));

test("a refusal is told with its reason, and a success is not", () => reading((world) => {
  const answer = {id: 1, method: "subscribe", result: {}, success: true};
  world.hear(answer);
  equal(world.states, []);
  world.hear({...answer, success: false, result: null, error: {code: "forbidden", message: "not you", retry: false}});
  equal(world.states, [["closed", "Refused: not you"]]);
}));

test("it comes back later and later, and soon again after a frame", () => reading(async (world, clock) => {
  for (const [count, wait_ms] of [750, 1_000, 1_500].entries()) {
    world.end(1006);
    await clock.pass(wait_ms - 1);
    equal(world.made.length, count + 1);
    await clock.pass(1);
    equal(world.made.length, count + 2);
  }
  equal([world.states[0][0], world.states[0][1].startsWith("Not live: "), world.states[0][1].endsWith(". Trying again.")], ["closed", true, true]);
  world.hear(FRAME);
  world.end(1006);
  await clock.pass(750);
  equal(world.made.length, 5);
}));

test("an end that is final is not tried again, and a sign-out is told", () => reading(async (world, clock) => {
  world.end(4401);
  await clock.pass(100_000);
  equal([world.made.length, world.signedOut], [1, 1]);
}));
