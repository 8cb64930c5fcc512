/** The list of alerts on a page: prices that move, distances, and the word that something fired. */

import {make} from "/static/js/dom.js";
import {AlertList} from "/static/js/screen/alerts/alert_list.js";
import {equal, test} from "../../harness.js";

/** A list of three alerts: two on NVX, one of them without a price, and one on a whole watchlist. */
function shown() {
  document.querySelector("#alerts-of-tests")?.remove();
  const line = (data) => make("li", data, make("dd", {"data-part": "last"}, "–"), make("dd", {"data-part": "distance"}, "–"));
  const root = make("section", {id: "alerts-of-tests", "data-newest": "7"}, make("p", {"data-part": "news", hidden: ""}),
    make("ul", {}, line({"data-symbol": "NVX", "data-target": "103.00"}), line({"data-symbol": "NVX"}), line({})));
  document.body.append(root);
  const prices = {NVX: 100};
  const list = new AlertList(root, {facts: (symbol) => ({row: symbol in prices ? {p: prices[symbol]} : undefined, instrument: {d: 3}})});
  const texts = () => [...root.querySelectorAll("li")].map((each) => [...each.children].map(({textContent}) => textContent));
  return {root, list, prices, texts};
}

test("lines follow the price, and say how far it is from what is waited for", () => {
  const {list, prices, texts} = shown();
  equal(list.symbols, ["NVX"]);
  list.paint(new Set(["NVX", "ORB"]));
  equal(texts(), [["100.000", "+3.00%"], ["100.000", "–"], ["–", "–"]]);
  prices.NVX = 206;
  list.paint(new Set(["NVX"]));
  equal(texts()[0], ["206.000", "−50.00%"]);
  prices.NVX = 103.000_001;
  list.paint(new Set(["NVX"]));
  equal(texts()[0], ["103.000", "0.00%"]);
});

test("without a price there is no distance", () => {
  const {list, prices, texts} = shown();
  for (const price of [null, undefined, 0]) {
    prices.NVX = price;
    list.paint(new Set(["NVX"]));
    equal(texts()[0][1], "–");
  }
});

test("only a notification that came after the page was made is news", () => {
  const {root, list} = shown();
  const isNews = (...ids) => {
    list.hear({notices: ids.map((id) => ({id}))});
    return !root.querySelector("[data-part=news]").hidden;
  };
  equal([isNews(), isNews(7, 3), isNews(8, 7)], [false, false, true]);
});
