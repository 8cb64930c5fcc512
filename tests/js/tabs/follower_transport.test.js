/** A tab that follows: how it looks for its leader, whom it believes, and when it loses its patience. */

import {FollowerTransport, PATIENCE_MS, SILENCE_MS} from "/static/js/tabs/follower_transport.js";
import {ManualClock, equal, test} from "../harness.js";

function follower({isLeading = false, ...more} = {}) {
  const {since} = {since: "e:5", ...more};
  const clock = new ManualClock();
  const world = {clock, channels: new Map(), log: [], frames: [], ends: [], election: {isLeading, log: []}};
  for (const name of ["enter", "leave", "usurp"]) world.election[name] = () => world.election.log.push(name);
  const openChannel = (name) => {
    const channel = {sent: [], isClosed: false, postMessage: (data) => channel.sent.push(data), close: () => { channel.isClosed = true; }};
    world.channels.set(name, channel);
    return channel;
  };
  const presence = {show: (id, onacquire) => {
    world.log.push(`show ${id}`);
    world.acquire = onacquire;
    return () => world.log.push("gone");
  }};
  const transport = new FollowerTransport({
    key: "key", id: "me", election: world.election, presence, openChannel, onready: () => world.log.push("ready"), timers: clock, random: () => 0.5,
  });
  transport.onopen = () => world.log.push("open");
  transport.onframe = (...said) => world.frames.push(said);
  transport.onclose = (ending) => world.ends.push(ending.reason);
  const positions = () => ({trades: since});
  Object.assign(world, {
    transport,
    open: () => {
      transport.open(positions);
      if (world.log.filter((line) => line === "show me").length === 1 && !world.isShown) {
        world.isShown = true;
        world.acquire();
      }
    },
    call: () => world.channels.get("key"), line: () => [...world.channels].find(([name]) => name !== "key")[1],
    lead: (term = "t1") => world.call().onmessage({data: {kind: "lead", term}}),
    hear: (message, term = "t1") => world.line().onmessage({data: {term, ...message}}),
    taken: (channel) => channel.sent.splice(0),
    /** Follow a leader that serves. */
    follow: () => {
      world.open();
      world.hear({kind: "here"});
      world.hear({kind: "road", name: "WebSocket", quiet_ms: 7});
      world.hear({kind: "open"});
      world.log.length = 0;
      world.taken(world.call());
    },
  });
  return world;
}

const HELLO = {kind: "hello", id: "me", since: "e:5"};
const FRAME = {channel: "heartbeat", type: "heartbeat", seq: 1};

test("a tab that others can see says hello with where its trades stand, and is a candidate", () => {
  const world = follower();
  world.transport.open(() => ({trades: "e:5"}));
  equal([world.taken(world.call()), world.log], [[], ["show me"]]);
  world.acquire();
  equal([world.taken(world.call()), world.election.log], [[HELLO], ["enter"]]);
});

test("a tab without trades says so", () => {
  const world = follower({since: undefined});
  world.open();
  equal(world.taken(world.call())[0].since, null);
});

test("a leader that is here and serves opens the tab, under the name of its transport", () => {
  const {transport, log, open, hear, clock, election} = follower();
  open();
  hear({kind: "here"});
  hear({kind: "road", name: "WebSocket", quiet_ms: 7});
  hear({kind: "open"});
  hear({kind: "open"});
  equal([log, transport.name, transport.quiet_ms], [["show me", "open"], "WebSocket", 7]);
  clock.advance(PATIENCE_MS);
  equal(election.log, ["enter"]);
});

test("a leader that does not answer in three seconds loses the lead, and is asked for anew", () => {
  const {taken, call, open, clock, election} = follower();
  open();
  taken(call());
  clock.advance(PATIENCE_MS - 1);
  equal(election.log, ["enter"]);
  clock.advance(1);
  equal([election.log, taken(call()), PATIENCE_MS], [["enter", "usurp"], [HELLO], 3_000]);
  clock.advance(PATIENCE_MS);
  equal([election.log, taken(call())], [["enter", "usurp", "usurp"], [HELLO]]);
});

test("a tab believes the leader that answered, and nobody before or beside", () => {
  const {frames, transport, open, hear, follow} = follower();
  open();
  hear({kind: "road", name: "Old", quiet_ms: 1}, "t0");
  equal(transport.name, "");
  follow();
  hear({kind: "frame", frame: FRAME, bytes: 5}, "t0");
  hear({kind: "closed", ending: {reason: "by another"}}, "t0");
  hear({kind: "here"}, "t9");
  hear({kind: "frame", frame: FRAME, bytes: 5});
  equal(frames, [[FRAME, 0]]);
});

test("only the leading tab counts the bytes", () => {
  const {frames, follow, hear} = follower({isLeading: true});
  follow();
  hear({kind: "frame", frame: FRAME, bytes: 5});
  equal(frames, [[FRAME, 5]]);
});

test("frames and commands pass only while it is open", () => {
  const {transport, frames, follow, hear, line, taken, open} = follower();
  const command = {method: "ping", params: {}};
  open();
  transport.send(command);
  hear({kind: "here"});
  hear({kind: "frame", frame: FRAME, bytes: 5});
  equal([taken(line()), frames], [[], []]);
  follow();
  transport.send(command);
  equal(taken(line()), [{kind: "command", command}]);
  transport.close();
  equal([line().isClosed, transport.send(command)], [true, undefined]);
});

test("an end that the leader tells is told once", () => {
  const {ends, follow, hear, log} = follower();
  follow();
  hear({kind: "closed", ending: {code: 4503, reason: "restart", retry_ms: 9}});
  hear({kind: "closed", ending: {code: 4503, reason: "restart", retry_ms: 9}});
  equal([ends, log], [["restart"], []]);
});

test("a tab that waits for its next try hears that the leader has a connection", () => {
  const {follow, hear, log, lead} = follower();
  follow();
  hear({kind: "closed", ending: {reason: "restart"}});
  hear({kind: "open"});
  equal(log, ["ready"]);
  lead("t2");
  equal(log, ["ready", "ready"]);
});

test("another leader ends what the former one served, and is asked when the tab looks for one", () => {
  const {ends, follow, lead, call, taken, log, open} = follower();
  follow();
  lead("t2");
  equal([ends, taken(call()), log], [["the tab that led is gone"], [], ["ready"]]);
  open();
  taken(call());
  lead("t3");
  equal(taken(call()), [HELLO]);
  call().onmessage({data: {kind: "hello", id: "other", since: null}});
  equal([taken(call()), ends.length], [[], 1]);
});

test("a leader that speaks is not asked whether it lives", () => {
  const {follow, clock, hear, line, taken} = follower();
  follow();
  for (let turn = 0; turn < 5; turn += 1) {
    hear({kind: "frame", frame: FRAME, bytes: 5});
    clock.advance(SILENCE_MS);
  }
  equal(taken(line()), []);
});

test("a silent leader is asked, and one that does not answer loses the lead", () => {
  const {follow, clock, line, taken, ends, election} = follower();
  follow();
  clock.advance(2 * SILENCE_MS - 1);
  equal(taken(line()), []);
  clock.advance(1);
  equal([taken(line()), SILENCE_MS], [[{kind: "probe"}], 4_000]);
  clock.advance(PATIENCE_MS + 449);
  equal(ends, []);
  clock.advance(1);
  equal([ends, election.log.at(-1)], [["the tab that led does not answer"], "usurp"]);
});

test("a leader that answers in time keeps the lead", () => {
  const {follow, clock, hear, ends, election} = follower();
  follow();
  clock.advance(2 * SILENCE_MS);
  hear({kind: "here"});
  clock.advance(PATIENCE_MS + 450);
  equal([ends, election.log], [[], ["enter"]]);
});

test("the leading tab does not ask itself", () => {
  const {follow, clock, line, taken} = follower({isLeading: true});
  follow();
  clock.advance(10 * SILENCE_MS);
  equal(taken(line()), []);
});

test("a tab that was not served goes on listening, and one that was lets go of everything", () => {
  const early = follower();
  early.open();
  early.transport.close();
  equal([early.call().isClosed, early.log, early.election.log], [false, ["show me"], ["enter"]]);
  early.hear({kind: "here"});
  early.clock.advance(100_000);
  equal(early.ends, []);
  const late = follower();
  late.follow();
  const [call, line] = [late.call(), late.line()];
  late.transport.close();
  late.clock.advance(100_000);
  equal([call.isClosed, line.isClosed, late.log, late.election.log, late.ends], [true, true, ["gone"], ["enter", "leave"], []]);
});

test("a tab that opens again while it is seen asks at once, on the lines that it has", () => {
  const {open, transport, call, taken, log, channels} = follower();
  open();
  transport.close();
  taken(call());
  const {size} = channels;
  open();
  equal([taken(call()), log, channels.size], [[HELLO], ["show me"], size]);
});

test("a tab that is closed before others can see it asks nobody", () => {
  const world = follower();
  world.transport.open(() => ({}));
  world.transport.close();
  world.acquire();
  equal(world.taken(world.call()), []);
});
