/** A person's notifications: newest first, each once, and which of them are news. */

import {Inbox} from "/static/js/market/inbox.js";
import {equal, test} from "../harness.js";

const notice = (id, read = false) => ({id, title: `n${id}`, read});
const frame = (type, ids, more = {}) =>
  ({channel: "notifications", type, seq: Math.max(0, ...ids), unread: 0, data: ids.map((id) => notice(id)), ...more});
const ids = (notices) => notices.map(({id}) => id);

/** An inbox that has taken these frames. */
function inboxOf(...frames) {
  const inbox = new Inbox();
  for (const each of frames) inbox.apply(each);
  return inbox;
}

test("what was there when the page began is no news, and what comes then is", () => {
  const inbox = new Inbox();
  equal([inbox.position, ids(inbox.apply(frame("snapshot", [4, 3])))], [null, []]);
  equal(ids(inbox.apply(frame("update", [6, 5, 3]))), [5, 6]);
  equal(inbox.apply(frame("update", [7], {data: [notice(7, true)]})), []);
  equal([ids(inbox.notices), inbox.position], [[7, 6, 5, 4, 3], "7"]);
});

test("a notification that was read is replaced and makes no position older", () => {
  const inbox = inboxOf(frame("snapshot", [4, 3], {unread: 2}), frame("update", [3], {data: [notice(3, true)], unread: 1}));
  equal(inbox.notices.map(({id, read}) => [id, read]), [[4, false], [3, true]]);
  equal([inbox.unread, inbox.position], [1, "4"]);
});

test("a snapshot replaces what was there", () => {
  equal(ids(inboxOf(frame("snapshot", [4, 3]), frame("snapshot", [9])).notices), [9]);
});

test("the newest fifty are kept", () => {
  const many = Array.from({length: 60}, (_, index) => index + 1);
  equal(ids(inboxOf(frame("update", many)).notices), many.slice(-50).reverse());
});
