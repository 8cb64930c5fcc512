// @ts-check
/**
 * Which tab leads: the one that holds a Web Lock. The browser hands it on at once when that tab dies.
 * Must not know what a leader does.
 */

/** The part of the browser's LockManager that is used. @typedef {Pick<LockManager, "request">} Locks */

/** A lock that is wanted, held or given back. */
class Hold {
  #controller = new AbortController();
  #release = () => {};
  /** @type {Promise<void>} */
  #held = new Promise((resolve) => {
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
   * Ask for it; `onheld` is called when it is ours, and `onlost` when somebody took it away.
   * @param {Locks} locks @param {string} name
   * @param {{isForced?: boolean, onheld: () => void, onlost?: () => void}} options
   */
  ask(locks, name, {isForced = false, onheld, onlost = () => {}}) {
    const options = isForced ? {steal: true} : {signal: this.#controller.signal};
    const hold = () => {
      if (this.isOver) return undefined;
      onheld();
      return this.#held;
    };
    locks.request(name, options, hold).catch(() => {
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
  /** @type {Hold | null} */
  #hold = null;

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
    if (this.#hold === null) this.#ask(false);
  }

  /** Lead now: the one that led does not answer. */
  usurp() {
    if (this.isLeading) return;
    this.leave();
    this.#ask(true);
  }

  /** Lead no more, or do not wait for it. */
  leave() {
    this.#hold?.end();
    this.#lose();
  }

  /** @param {boolean} isForced */
  #ask(isForced) {
    this.#hold = new Hold().ask(this.#locks, this.#name, {
      isForced,
      onheld: () => {
        this.isLeading = true;
        this.#onlead();
      },
      onlost: () => this.#lose(),
    });
  }

  #lose() {
    const hasLed = this.isLeading;
    this.#hold = null;
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
   * @param {string} id @param {() => void} onheld others can see it now
   */
  show(id, onheld) {
    const hold = new Hold().ask(this.#locks, this.#nameOf(id), {onheld});
    return () => hold.end();
  }

  /**
   * Wait until a tab is gone; return how to wait no more.
   * @param {string} id @param {() => void} ongone
   */
  watch(id, ongone) {
    const hold = new Hold();
    hold.ask(this.#locks, this.#nameOf(id), {
      onheld: () => {
        hold.end();
        ongone();
      },
    });
    return () => hold.end();
  }

  /** @param {string} id */
  #nameOf(id) {
    return `${this.#key}/${id}`;
  }
}
