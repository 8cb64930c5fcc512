/** Tabs of a browser without Web Locks agree on who has a lock. */

import {ChannelLocks} from "/static/js/transports/channel_locks.js";
import {StreamSlots} from "/static/js/transports/stream_limit.js";
import {equal, test} from "../harness.js";

/** Wait until everybody has heard what was said before: channels deliver in order, however long that takes. */
async function heard() {
  const [near, far] = [new BroadcastChannel("echo-of-tests"), new BroadcastChannel("echo-of-tests")];
  await new Promise((resolve) => {
    far.onmessage = resolve;
    near.postMessage("echo");
  });
  near.close();
  far.close();
}

/** Let a question be heard, and then its answer. */
async function answered() {
  await heard();
  await heard();
}

/** A tab whose questions have this rank. @param {number} rank */
function tab(rank = Math.random()) {
  return new ChannelLocks({wait: answered, random: () => rank});
}

/** Ask for a lock; return whether it was given, and how to give it back. @param {ChannelLocks} locks @param {string} name */
function ask(locks, name) {
  return new Promise((resolve) => {
    void locks.request(name, {ifAvailable: true}, (lock) => new Promise((release) => {
      if (lock === null) release(undefined);
      resolve({isGiven: lock !== null, release});
    }));
  });
}

test("a lock that another tab has is refused until it is given back", async () => {
  const [first, second] = [tab(), tab()];
  const held = await ask(first, "kept");
  equal([held.isGiven, (await ask(second, "kept")).isGiven, (await ask(second, "other")).isGiven], [true, false, true]);
  held.release();
  await answered();
  equal((await ask(second, "kept")).isGiven, true);
});

test("a tab does not give itself a lock twice", async () => {
  const locks = tab();
  equal([(await ask(locks, "twice")).isGiven, (await ask(locks, "twice")).isGiven], [true, false]);
});

test("of two that ask at the same time the lower rank gets the lock, whoever asks first", async () => {
  const both = await Promise.all([ask(tab(0.2), "race"), ask(tab(0.1), "race")]);
  equal(both.map(({isGiven}) => isGiven), [false, true]);
  const others = await Promise.all([ask(tab(0.1), "second race"), ask(tab(0.2), "second race")]);
  equal(others.map(({isGiven}) => isGiven), [true, false]);
});

test("one that asks while another waits for answers does not get the lock as well", async () => {
  let end = () => {};
  const slow = new ChannelLocks({wait: () => new Promise((resolve) => { end = resolve; }), random: () => 0.5});
  const early = ask(slow, "late");
  const late = await ask(tab(0.1), "late");
  end();
  equal([(await early).isGiven, late.isGiven], [false, true]);
});

test("a refusal is known as soon as it comes, and only silence takes its time", async () => {
  const held = await ask(tab(), "quick");
  const patient = new ChannelLocks({wait: () => new Promise(() => {}), random: () => 0.5});
  equal((await ask(patient, "quick")).isGiven, false);
  let isAnswered = false;
  void ask(patient, "silent").then(() => {
    isAnswered = true;
  });
  await answered();
  equal(isAnswered, false);
  held.release();
});

test("five tabs hold four streams", async () => {
  const slots = Array.from({length: 5}, () => new StreamSlots(tab()));
  const taken = [];
  for (const each of slots) taken.push(await each.take());
  equal(taken.map((release) => release !== null), [true, true, true, true, false]);
  taken[2]();
  await answered();
  equal((await slots[4].take()) !== null, true);
});
