// @ts-check
/**
 * Locks for pages without Web Locks: a browser gives those to no page that came over plain http from another machine.
 * A tab asks the other tabs whether one of them has the lock, and takes it when none says so in time.
 * A tab that the browser has put to sleep does not answer, so a lock may then have two holders.
 */

/** A question for a lock, or the answer that refuses it; `rank` says which question is meant. @typedef {{asks?: string, refuses?: string, rank: number}} Message */

/** What a tab has or asks for; `refuse` ends its wait. @typedef {{rank: number, isRefused: boolean, refuse: () => void}} Claim */

const NAME = "market-locks";
/** A tab that is awake answers within milliseconds; on a busy machine it may take many times as long. */
const ANSWER_MS = 1_000;
/** The rank of a holder. Of two who ask at the same time the lower rank wins, and theirs are random from 0 to 1. */
const HOLDER = -1;

export class ChannelLocks {
  #channel = new BroadcastChannel(NAME);
  /** What this tab has or asks for, by name. @type {Map<string, Claim>} */
  #claims = new Map();
  #wait;
  #random;

  /** @param {{wait?: (wait_ms: number) => Promise<unknown>, random?: () => number}} [options] */
  constructor({wait = pass, random = Math.random} = {}) {
    this.#wait = wait;
    this.#random = random;
    this.#channel.onmessage = (/** @type {MessageEvent<Message>} */ {data}) => this.#hear(data);
  }

  /**
   * Call `keep` with the lock, or with null when somebody has it. The lock is kept until what `keep` returns is settled.
   * @param {string} name @param {{ifAvailable: true}} _ @param {(lock: {name: string} | null) => unknown} keep
   */
  async request(name, _, keep) {
    if (this.#claims.has(name)) return keep(null);
    /** @type {Claim} */
    const claim = {rank: this.#random(), isRefused: false, refuse: () => {}};
    this.#claims.set(name, claim);
    try {
      const refused = new Promise((resolve) => {
        claim.refuse = () => resolve(undefined);
      });
      this.#channel.postMessage({asks: name, rank: claim.rank});
      await Promise.race([this.#wait(ANSWER_MS), refused]);
      if (claim.isRefused) return keep(null);
      claim.rank = HOLDER;
      return await keep({name});
    } finally {
      this.#claims.delete(name);
    }
  }

  /** @param {Message} message */
  #hear({asks = "", refuses = "", rank}) {
    const claim = this.#claims.get(asks || refuses);
    if (!claim || claim.isRefused) return;
    if (asks && claim.rank < rank) {
      this.#channel.postMessage({refuses: asks, rank});
      return;
    }
    // The other may not have heard our question, so it takes the lock.
    claim.isRefused = asks !== "" || claim.rank === rank;
    if (claim.isRefused) claim.refuse();
  }
}

/** @param {number} wait_ms */
function pass(wait_ms) {
  return new Promise((resolve) => setTimeout(resolve, wait_ms));
}
