// @ts-check
/**
 * Decides which tab leads: the one that has the Web Lock. When that tab dies, the browser gives the lock to
 * the next tab at once.
 * Must not know what a leader does.
 */

/** The part of the browser's LockManager that is used. @typedef {Pick<LockManager, "request">} Locks */

/** One request for a lock, until the lock is given back. */
class LockRequest {
  #controller = new AbortController();
  #release = () => {};
  /** @type {Promise<void>} */
  #released = new Promise((resolve) => {
    this.#release = resolve;
  });
  isOver = false;

  /** Give the lock back, or stop waiting for it. */
  end() {
    this.isOver = true;
    this.#controller.abort();
    this.#release();
  }

  /**
   * Ask for the lock. `onacquire`: we have it now. `onlost`: another tab took it.
   * `isForced` takes it from the tab that has it.
   * @param {Locks} locks @param {string} name
   * @param {{isForced?: boolean, onacquire: () => void, onlost?: () => void}} options
   */
  ask(locks, name, {isForced = false, onacquire, onlost = () => {}}) {
    // The standard of Web Locks refuses `signal` together with `steal`.
    const options = isForced ? {steal: true} : {signal: this.#controller.signal};
    const wait = () => {
      // The wait ended just when the browser gave the lock: to return nothing gives it back at once.
      if (this.isOver) return undefined;
      onacquire();
      // The browser keeps the lock for us until this promise is settled.
      return this.#released;
    };
    locks.request(name, options, wait).catch(() => {
      if (!this.isOver) onlost();
    });
    return this;
  }
}

export class Election {
  isLeading = false;
  #locks;
  #name;
  #onlead;
  #onyield;
  /** @type {LockRequest | null} */
  #request = null;

  /**
   * @param {{locks: Locks, name: string, onlead: () => void, onyield: () => void}} options `onyield`: this
   *   tab no longer leads
   */
  constructor({locks, name, onlead, onyield}) {
    this.#locks = locks;
    this.#name = name;
    this.#onlead = onlead;
    this.#onyield = onyield;
  }

  /** Become a candidate: lead when no tab does, or when those before us are gone. */
  enter() {
    if (this.#request === null) this.#ask(false);
  }

  /** Take the lead now, because the leader does not answer. */
  usurp() {
    if (this.isLeading) return;
    this.leave();
    this.#ask(true);
  }

  /** Give up the lead, or stop waiting for it. */
  leave() {
    this.#request?.end();
    this.#lose();
  }

  /** @param {boolean} isForced */
  #ask(isForced) {
    this.#request = new LockRequest().ask(this.#locks, this.#name, {
      isForced,
      onacquire: () => {
        this.isLeading = true;
        this.#onlead();
      },
      onlost: () => this.#lose(),
    });
  }

  #lose() {
    const hasLed = this.isLeading;
    this.#request = null;
    this.isLeading = false;
    if (hasLed) this.#onyield();
  }
}

/** Which tabs are alive: each has a lock of its own for as long as it lives. */
export class Presence {
  #locks;
  #key;

  /** @param {Locks} locks @param {string} key */
  constructor(locks, key) {
    this.#locks = locks;
    this.#key = key;
  }

  /**
   * Take the lock of this tab. Return a function that gives it back.
   * @param {string} id @param {() => void} onacquire other tabs can see this tab now
   */
  show(id, onacquire) {
    const request = new LockRequest().ask(this.#locks, this.#nameOf(id), {onacquire});
    return () => request.end();
  }

  /**
   * Wait until a tab is gone. Return a function that stops the waiting.
   * @param {string} id @param {() => void} ongone
   */
  watch(id, ongone) {
    const request = new LockRequest();
    request.ask(this.#locks, this.#nameOf(id), {
      onacquire: () => {
        request.end();
        ongone();
      },
    });
    return () => request.end();
  }

  /** @param {string} id */
  #nameOf(id) {
    return `${this.#key}/${id}`;
  }
}
