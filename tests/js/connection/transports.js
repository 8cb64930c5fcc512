/** Transports that do as they are told, and what a ladder or a connection needs beside them. */

import {ManualClock} from "../harness.js";

export const KEYS = ["websocket", "sse", "longpoll", "poll"];

/**
 * A transport that behaves as `behaviours` says: it opens after a wait in ms, it hangs ("hang"), it is refused
 * ("refuse"), or it ends with a close code. Unlike a real one it sends nothing anywhere.
 */
class FakeTransport {
  quiet_ms = 0;
  constructor(name, world) {
    Object.assign(this, {name, world});
  }
  open() {
    const {clock, log, behaviours} = this.world;
    log.push(`${clock.now_ms} open ${this.name}`);
    const behaviour = behaviours[this.name];
    if (behaviour === "hang") return;
    const opens = typeof behaviour === "number" && behaviour < 4000;
    const code = behaviour === "refuse" ? 1006 : behaviour;
    const finish = () => (opens ? this.onopen() : this.onclose({code, reason: "", retry_ms: this.world.retry_ms}));
    this.timer = clock.setTimeout(finish, opens ? behaviour : 0);
    this.world.opened.push(this);
  }
  send(command) {
    this.world.commands.push(command);
  }
  close() {
    this.world.clock.clearTimeout(this.timer);
    this.world.log.push(`${this.world.clock.now_ms} close ${this.name}`);
  }
}

/**
 * Return a world of transports that work after 20 ms, but for those that are named.
 * `log` says what happened, each line with its time in ms.
 */
export function worldOf(behaviours = {}) {
  const world = {
    clock: new ManualClock(), log: [], commands: [], opened: [], retry_ms: 0,
    behaviours: {...Object.fromEntries(KEYS.map((key) => [key, 20])), ...behaviours},
  };
  world.candidates = KEYS.map((key) => ({key, name: key, make: () => new FakeTransport(key, world)}));
  return world;
}

/** Return the times at which a transport was tried, in ms. */
export function triesOf({log}, key) {
  return log.filter((line) => line.endsWith(`open ${key}`)).map((line) => Number(line.split(" ")[0]));
}

/** The same behaviour for every transport. */
export function all(behaviour) {
  return Object.fromEntries(KEYS.map((key) => [key, behaviour]));
}
