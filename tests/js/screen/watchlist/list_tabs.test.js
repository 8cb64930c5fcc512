/** The tabs of a person's lists follow other windows, and a file fills the form of a new list. */

import {make} from "/static/js/dom.js";
import {ListTabs} from "/static/js/screen/watchlist/list_tabs.js";
import {equal, test, until} from "../../harness.js";

const LISTS = [{id: 1, name: "Mine"}, {id: 2, name: "Tech"}];

function shown() {
  const tabs = make("ul", {}, make("li", {}, make("a", {href: "/lists/?list=1"}, "Mine")));
  document.body.append(tabs);
  const links = () => [...tabs.querySelectorAll("a")].map((link) => [link.textContent, link.getAttribute("href"), link.getAttribute("aria-current")]);
  return {tabs, made: new ListTabs(tabs), links};
}

test("each list has a link, and the one that is shown is marked", () => {
  const {made, links} = shown();
  made.show(LISTS, 2);
  equal(links(), [["Mine", "/lists/?list=1", null], ["Tech", "/lists/?list=2", "page"]]);
  made.show(LISTS, null);
  equal(links().map(([, , current]) => current), [null, null]);
});

test("what is the same keeps its elements, and another name or another choice does not", () => {
  const {made, tabs} = shown();
  const first = () => tabs.querySelector("a");
  made.show(LISTS, 1);
  const before = first();
  made.show([{id: 1, name: "Mine", symbols: ["A"]}, LISTS[1]], 1);
  equal(first() === before, true);
  made.show([{id: 1, name: "Other"}, LISTS[1]], 1);
  equal([first() === before, first().textContent], [false, "Other"]);
});

function form(name = "") {
  document.querySelector("#list-file")?.closest("form")?.remove();
  const file = make("input", {id: "list-file", type: "file"});
  const title = make("input", {name: "name", maxlength: "8"});
  title.value = name;
  const text = make("textarea", {name: "text"});
  document.body.append(make("form", {}, file, title, text));
  shown();
  const take = (...files) => {
    const transfer = new DataTransfer();
    for (const each of files) transfer.items.add(each);
    file.files = transfer.files;
    file.dispatchEvent(new Event("change"));
  };
  return {title, text, take};
}

test("a file fills the form, and names the list unless it has a name", async () => {
  const unnamed = form();
  unnamed.take(new File(["NVX\nORB"], "long.name.of.mine.csv"));
  await until(() => unnamed.title.value);
  equal([unnamed.text.value, unnamed.title.value], ["NVX\nORB", "long.nam"]);
  const named = form("Mine");
  named.take(new File(["QAL"], "x.csv"));
  await until(() => named.text.value);
  equal([named.text.value, named.title.value], ["QAL", "Mine"]);
  named.take();
  equal(named.text.value, "QAL");
});
