/** What the template, the address and the browser say about a page. */

import {make} from "/static/js/dom.js";
import {Choice, asked, askFor, readSettings, socketUrl} from "/static/js/screen/page/settings.js";
import {equal, test} from "../../harness.js";

const option = (value) => make("option", {value}, value || "auto");

/** A select of three choices; the browser remembers one, and the address asks for another. */
function chosen({remembered = null, inAddress = null} = {}) {
  if (remembered === null) localStorage.removeItem("market.rate");
  else localStorage.setItem("market.rate", remembered);
  askFor("rate", inAddress);
  const select = make("select", {}, option(""), option("5"), option("10"));
  const changes = [];
  const choice = new Choice(select, {name: "rate", onchange: (value) => changes.push(value)});
  const choose = (value) => {
    select.value = value;
    select.dispatchEvent(new Event("change"));
  };
  return {choice, changes, choose};
}

test("the address comes before what is remembered, and what is not offered does not count", () => {
  equal(chosen().choice.value, "");
  equal(chosen({remembered: "5"}).choice.value, "5");
  equal(chosen({remembered: "5", inAddress: "10"}).choice.value, "10");
  equal(chosen({remembered: "5", inAddress: "11"}).choice.value, "5");
});

test("a choice is told and remembered, and the address gives way", () => {
  const {choice, changes, choose} = chosen({inAddress: "10"});
  choose("5");
  equal([choice.value, changes, asked("rate"), localStorage.getItem("market.rate")], ["5", ["5"], null, "5"]);
  choose("");
  equal([changes, localStorage.getItem("market.rate")], [["5", ""], null]);
});

test("a page without settings has the usual ones", () => {
  const {isPolling, interval_ms, socketUrl: socket, sseUrl} = readSettings();
  equal([isPolling, interval_ms, socket, sseUrl], [false, 1_000, `ws://${location.host}/ws/v1/`, "/sse/v1/"]);
});

test("the settings of the template count", () => {
  Object.assign(document.body.dataset, {transport: "poll", intervalMs: "2500", sse: "/a/", socket: "/b/"});
  const {isPolling, interval_ms, socketUrl: socket, sseUrl} = readSettings();
  equal([isPolling, interval_ms, socket, sseUrl], [true, 2_500, socketUrl("/b/"), "/a/"]);
  for (const name of ["transport", "intervalMs", "sse", "socket"]) delete document.body.dataset[name];
});
