/** The bell, its count, and the list of a person's notifications. */

import {make} from "/static/js/dom.js";
import {Notifications} from "/static/js/screen/notifications/notifications.js";
import {each, equal, test} from "../../harness.js";

const part = (name, tag = "span") => make(tag, {"data-part": name});
const notice = (id, more = {}) => ({id, title: `n${id}`, body: "text", level: "info", t: 1_000, read: false, ...more});

function shown(inbox) {
  document.getElementById("notices")?.remove();
  const menu = make("details", {id: "notices"}, part("count"), part("name"), part("list", "ul"), part("empty"), part("read-all", "button"));
  document.body.append(menu);
  document.title = "Prices";
  const read = [];
  const notifications = new Notifications({inbox: () => inbox, onread: (ids) => read.push(ids)});
  notifications.paint();
  const of = (name) => menu.querySelector(`[data-part=${name}]`);
  const title = document.title;
  document.title = "Prices";
  return {menu, read, of, title, items: () => [...of("list").children]};
}

test("the bell counts what is unread", () =>
  each([
    [0, "0", true, "Notifications", "Prices"],
    [1, "1", false, "Notifications, 1 unread", "(1) Prices"],
    [99, "99", false, "Notifications, 99 unread", "(99) Prices"],
    [100, "99+", false, "Notifications, 99+ unread", "(99+) Prices"],
  ], ([unread, text, isHidden, name, title]) => {
    const bell = shown({notices: [], unread});
    equal([bell.of("count").textContent, bell.of("count").hidden, bell.of("name").textContent, bell.title], [text, isHidden, name, title]);
    equal([bell.of("read-all").hidden, bell.of("empty").hidden], [unread === 0, false]);
  }));

test("a notification links to the instrument that it is about", () => {
  const {items} = shown({notices: [notice(2, {symbol: "BTC/USD"}), notice(1)], unread: 2});
  equal(items().map((item) => item.querySelector("a")?.getAttribute("href") ?? null), ["/i/BTC/USD/", null]);
});

test("each notification has its level, and a button while it is unread", () => {
  const {items, read, of} = shown({notices: [notice(3, {level: "critical"}), notice(2, {level: "odd", read: true})], unread: 1});
  equal(items().map(({className}) => className), ["notice notice-critical is-unread", "notice notice-info is-read"]);
  equal(items().map((item) => item.querySelectorAll("button").length), [1, 0]);
  equal([of("empty").hidden, items()[0].querySelector("strong").textContent], [true, "n3"]);
  items()[0].querySelector("button").click();
  of("read-all").click();
  equal(read, [[3], []]);
});
