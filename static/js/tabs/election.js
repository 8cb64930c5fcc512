// @ts-check
/**
 * Which tab leads: the one that holds a Web Lock. The browser hands it on at once when that tab dies.
 * Must not know what a leader does.
 */

/** The part of the browser's LockManager that is used. @typedef {Pick<LockManager, "request">} Locks */

/** A lock that is wanted, held or given back. */
class LockRequest {
  #controller = new AbortController();
  #release = () => {};
  /** @type {Promise<void>} */
  #released = new Promise((resolve) => {
    this.#release = resolve;
  });
  isOver = false;

  /** Give it back, or want it no more. */
  end() {
    this.isOver = true;
    this.#controller.abort();
    this.#release();
  }

  /**
   * Ask for it; `onacquire` is called when it is ours, and `onlost` when somebody took it away.
   * @param {Locks} locks @param {string} name
   * @param {{isForced?: boolean, onacquire: () => void, onlost?: () => void}} options
   */
  ask(locks, name, {isForced = false, onacquire, onlost = () => {}}) {
    const options = isForced ? {steal: true} : {signal: this.#controller.signal};
    const wait = () => {
      if (this.isOver) return undefined;
      onacquire();
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
   *   tab led, and does not any more
   */
  constructor({locks, name, onlead, onyield}) {
    this.#locks = locks;
    this.#name = name;
    this.#onlead = onlead;
    this.#onyield = onyield;
  }

  /** Stand for election: lead when nobody does, or when those before us are gone. */
  enter() {
    if (this.#request === null) this.#ask(false);
  }

  /** Lead now: the one that led does not answer. */
  usurp() {
    if (this.isLeading) return;
    this.leave();
    this.#ask(true);
  }

  /** Lead no more, or do not wait for it. */
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

/** Which tabs are still there: each holds a lock of its own while it lives. */
export class Presence {
  #locks;
  #key;

  /** @param {Locks} locks @param {string} key */
  constructor(locks, key) {
    this.#locks = locks;
    this.#key = key;
  }

  /**
   * Be there; return how to be gone.
   * @param {string} id @param {() => void} onacquire others can see it now
   */
  show(id, onacquire) {
    const request = new LockRequest().ask(this.#locks, this.#nameOf(id), {onacquire});
    return () => request.end();
  }

  /**
   * Wait until a tab is gone; return how to wait no more.
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
