/** Who leads: the tab with the lock, the next one when it is gone, and one that takes it. */

import {Election, Presence} from "/static/js/tabs/election.js";
import {equal, settled, test} from "../harness.js";

/** Locks as the standard has them, without a browser. */
class Locks {
  held = new Map();
  queues = new Map();
  asked = [];

  request(name, options, wait) {
    this.asked.push([name, Object.keys(options).sort()]);
    return new Promise((resolve, reject) => {
      const entry = {resolve, reject, wait};
      options.signal?.addEventListener("abort", () => this.#forget(name, entry));
      if (options.steal) {
        const holder = this.held.get(name);
        this.held.delete(name);
        holder?.reject(new DOMException("stolen", "AbortError"));
        this.#give(name, entry);
      } else if (this.held.has(name)) this.queues.set(name, [...(this.queues.get(name) ?? []), entry]);
      else this.#give(name, entry);
    });
  }

  #forget(name, entry) {
    const queue = this.queues.get(name) ?? [];
    if (!queue.includes(entry)) return;
    queue.splice(queue.indexOf(entry), 1);
    entry.reject(new DOMException("aborted", "AbortError"));
  }

  #give(name, entry) {
    this.held.set(name, entry);
    void Promise.resolve().then(() => entry.wait()).then(() => {
      if (this.held.get(name) !== entry) return;
      this.held.delete(name);
      entry.resolve();
      const next = this.queues.get(name)?.shift();
      if (next) this.#give(name, next);
    });
  }
}

function tabOf(locks, name, log) {
  return new Election({locks, name: "tabs", onlead: () => log.push(`${name} leads`), onyield: () => log.push(`${name} yields`)});
}

function three() {
  const [locks, log] = [new Locks(), []];
  return {locks, log, tabs: ["a", "b", "c"].map((name) => tabOf(locks, name, log))};
}

test("the first tab leads, and the next one when it leaves", async () => {
  const {log, tabs: [a, b]} = three();
  a.enter();
  b.enter();
  await settled();
  equal([log, a.isLeading, b.isLeading], [["a leads"], true, false]);
  a.leave();
  await settled();
  equal([log, a.isLeading, b.isLeading], [["a leads", "a yields", "b leads"], false, true]);
});

test("a tab that enters twice asks once", async () => {
  const {locks, tabs: [a]} = three();
  a.enter();
  a.enter();
  await settled();
  a.enter();
  equal(locks.asked, [["tabs", ["signal"]]]);
});

test("a tab that stopped waiting does not lead, and hears nothing", async () => {
  const {log, tabs: [a, b, c]} = three();
  for (const tab of [a, b, c]) tab.enter();
  await settled();
  b.leave();
  a.leave();
  await settled();
  equal([log, b.isLeading, c.isLeading], [["a leads", "a yields", "c leads"], false, true]);
  b.enter();
  c.leave();
  await settled();
  equal(log.at(-1), "b leads");
});

test("who takes the lead has it at once, and the former leader yields once", async () => {
  const {locks, log, tabs: [a, b]} = three();
  a.enter();
  b.enter();
  await settled();
  b.usurp();
  await settled();
  equal([log, a.isLeading, b.isLeading], [["a leads", "a yields", "b leads"], false, true]);
  equal(locks.asked.at(-1), ["tabs", ["steal"]]);
  a.leave();
  await settled();
  equal(log.length, 3);
  a.enter();
  b.leave();
  await settled();
  equal(log.slice(3), ["b yields", "a leads"]);
});

test("a leader that takes the lead changes nothing", async () => {
  const {locks, log, tabs: [a]} = three();
  a.enter();
  await settled();
  a.usurp();
  await settled();
  equal([log, locks.asked.length], [["a leads"], 1]);
});

test("a tab that leaves as it gets the lock gives it back at once", async () => {
  const {log, tabs: [a, b]} = three();
  a.enter();
  b.enter();
  a.leave();
  await settled();
  equal([log, a.isLeading, b.isLeading], [["b leads"], false, true]);
});

test("a tab is seen by others for as long as it lives", async () => {
  const locks = new Locks();
  const presence = new Presence(locks, "tabs");
  const log = [];
  const end = presence.show("one", () => log.push("shown"));
  await settled();
  presence.watch("one", () => log.push("one is gone"));
  presence.watch("other", () => log.push("other is gone"));
  await settled();
  equal([log, [...locks.held.keys()]], [["shown", "other is gone"], ["tabs/one"]]);
  end();
  await settled();
  equal([log.slice(2), locks.held.size], [["one is gone"], 0]);
});

test("who stops watching hears nothing", async () => {
  const presence = new Presence(new Locks(), "tabs");
  const log = [];
  const end = presence.show("one", () => {});
  await settled();
  const stop = presence.watch("one", () => log.push("gone"));
  stop();
  end();
  await settled();
  equal(log, []);
});
