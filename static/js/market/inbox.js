// @ts-check
/**
 * The person's notifications, newest first, each once.
 * Pure: no page, no network.
 */

/** @typedef {import("../wire/frames.js").Notice} Notice */

/** As many as a snapshot of the server holds. */
const CAPACITY = 50;

export class Inbox {
  unread = 0;
  /** @type {Map<number, Notice>} */
  #notices = new Map();
  #lastId = 0;
  #isLoaded = false;

  /** The notices, newest first. */
  get notices() {
    return [...this.#notices.values()].sort((a, b) => b.id - a.id);
  }

  /** The last id as text, to resume from; null before the first frame. */
  get position() {
    return this.#isLoaded ? String(this.#lastId) : null;
  }

  /**
   * Take a frame. Return the new notices: unread, and not seen on this page before.
   * @param {import("../wire/frames.js").Notices} frame
   * @returns {Notice[]}
   */
  apply(frame) {
    // The first frame brings what was there before the page: nobody is interrupted for that.
    const isNews = (/** @type {Notice} */ {id, read}) => this.#isLoaded && id > this.#lastId && !read;
    const news = frame.data.filter(isNews).sort((a, b) => a.id - b.id);
    if (frame.type === "snapshot") this.#notices.clear();
    for (const notice of frame.data) this.#notices.set(notice.id, notice);
    for (const {id} of this.notices.slice(CAPACITY)) this.#notices.delete(id);
    this.unread = frame.unread;
    this.#lastId = Math.max(this.#lastId, frame.seq);
    this.#isLoaded = true;
    return news;
  }
}
