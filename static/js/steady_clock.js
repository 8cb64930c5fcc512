// @ts-check
/**
 * Our time for every "how long ago": it runs evenly, also when somebody sets the clock of the machine.
 * Must not know what is measured.
 */

/** A difference that is larger did not come from rounding or from a clock that is slowly put right. */
const JUMP_MS = 5_000;

/** Return our time (UTC ms, finer than Date.now) by a clock that nobody can set. It is right as of when the page was opened. */
export function steadyNow() {
  return performance.timeOrigin + performance.now();
}

/** Notices that the clock of the machine was set, or that the machine slept: most browsers' steady clocks sleep with it. */
export class JumpWatch {
  #wall;
  #steady;
  #ahead_ms;

  /** @param {{wall?: () => number, steady?: () => number}} [clocks] */
  constructor({wall = Date.now, steady = steadyNow} = {}) {
    this.#wall = wall;
    this.#steady = steady;
    this.#ahead_ms = wall() - steady();
  }

  /** Say whether the clock has jumped since the last call. */
  hasJumped() {
    const ahead_ms = this.#wall() - this.#steady();
    const isJump = Math.abs(ahead_ms - this.#ahead_ms) > JUMP_MS;
    this.#ahead_ms = ahead_ms;
    return isJump;
  }
}
