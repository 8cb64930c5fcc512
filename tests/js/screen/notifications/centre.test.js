/** The page of all notifications follows what other tabs and devices do. */

import {make} from "/static/js/dom.js";
import {Centre} from "/static/js/screen/notifications/centre.js";
import {equal, test} from "../../harness.js";

const item = (id) => make("li", {"data-id": String(id), class: "notice is-unread"}, make("form"));
const notice = (id, read) => ({id, title: `n${id}`, body: "", level: "info", t: 1_000, read});

function centre(...ids) {
  document.getElementById("centre")?.remove();
  const part = (name) => make("p", {"data-part": name});
  const root = make("section", {id: "centre", "data-newest": "3"}, part("unread"), part("read-all"), part("news"), ...ids.map(item));
  root.querySelector("[data-part=news]").hidden = true;
  document.body.append(root);
  const of = (name) => root.querySelector(`[data-part=${name}]`);
  const unread = () => [...root.querySelectorAll(".is-unread")].map(({dataset}) => dataset.id);
  return {shown: new Centre(), root, of, unread};
}

test("what is read elsewhere is read here, and has no button any more", () => {
  const {shown, root, of, unread} = centre(3, 2, 1);
  shown.show({notices: [notice(3, false), notice(2, true)], unread: 2});
  equal([unread(), root.querySelectorAll("form").length], [["3", "1"], 2]);
  equal([of("unread").textContent, of("read-all").hidden, of("news").hidden], ["2 unread", false, true]);
});

test("all are read, also those that no frame names", () => {
  const {shown, of, unread} = centre(3, 2, 1);
  shown.show({notices: [], unread: 0});
  equal([unread(), of("unread").hidden, of("read-all").hidden], [[], true, true]);
});

test("news are announced, but not what is on the page already", () => {
  const {shown, of} = centre(3);
  shown.show({notices: [notice(3, false)], unread: 1});
  equal(of("news").hidden, true);
  shown.show({notices: [notice(4, false), notice(3, false)], unread: 2});
  equal(of("news").hidden, false);
});
