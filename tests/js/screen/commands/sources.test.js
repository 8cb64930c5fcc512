/** What the commands offer: the menus of the page, its actions, and the places that the server names. */

import {make} from "/static/js/dom.js";
import {actionCommands, pageCommands, placeCommands} from "/static/js/screen/commands/sources.js";
import {equal, test} from "../../harness.js";

const facts = ({run, ...rest}) => ({...rest, isRunnable: typeof run === "function"});

test("the links of the menus are pages, with the words of their addresses", () => {
  document.querySelector("#links-of-tests")?.remove();
  const box = make("div", {id: "links-of-tests"}, make("nav", {class: "tabs"}, make("a", {href: "/market/all/"}, " The market ")), make("div", {id: "account"}, make("a", {href: "/accounts/sessions/"}, "Sessions")), make("a", {href: "/other/"}, "Other"));
  document.body.append(box);
  const found = pageCommands().filter(({id}) => ["page:/market/all/", "page:/accounts/sessions/", "page:/other/"].includes(id));
  box.remove();
  equal(found.map(facts), [
    {id: "page:/market/all/", label: "The market", kind: "Page", words: "go open  market all ", detail: "", isRunnable: true},
    {id: "page:/accounts/sessions/", label: "Sessions", kind: "Page", words: "go open  accounts sessions ", detail: "", isRunnable: true},
  ]);
});

test("each command leads to its own place, with the symbol in the address as one word", () => {
  const {href} = location;
  const commands = placeCommands({
    pages: [{name: "Lab", url: "#/lab/"}], lists: [{name: "Mine", url: "#/?list=1"}], instruments: [{s: "A/B", name: "Ab"}, {s: "C", name: "Ce"}],
    instrument: "#/i/~/", alert: "#/alerts/?symbol=~",
  });
  const box = make("nav", {class: "tabs"}, make("a", {href: "#/market/"}, "The market"));
  document.body.append(box);
  const [menu] = pageCommands().filter(({label}) => label === "The market");
  box.remove();
  const places = [...commands, menu].map(({run}) => {
    run();
    return location.hash;
  });
  history.replaceState(history.state, "", href);
  equal(places, ["#/lab/", "#/?list=1", "#/i/A%2FB/", "#/i/C/", "#/alerts/?symbol=A%2FB", "#/alerts/?symbol=C", "#/market/"]);
});

test("an action is done by its own function, and says its key", () => {
  const log = [];
  const [command] = actionCommands([{key: "p", label: "Pause", run: () => log.push("paused")}]);
  equal(facts(command), {id: "action:Pause", label: "Pause", kind: "Action", words: "", detail: "p", isRunnable: true});
  command.run();
  equal(log, ["paused"]);
});

test("places are pages, lists, instruments and an alert on each instrument", () => {
  const found = placeCommands({
    pages: [{name: "Lab", url: "/lab/"}], lists: [{name: "Mine", url: "/?list=1"}], instruments: [{s: "A/B", name: "Ab"}], instrument: "/i/~/", alert: "/alerts/?symbol=~",
  });
  equal(found.map(facts), [
    {id: "page:/lab/", label: "Lab", kind: "Page", words: "go open", detail: "", isRunnable: true},
    {id: "list:/?list=1", label: "Mine", kind: "List", words: "watchlist", detail: "", isRunnable: true},
    {id: "instrument:A/B", label: "A/B", kind: "Instrument", words: "Ab chart", detail: "Ab", isRunnable: true},
    {id: "alert:A/B", label: "Make an alert on A/B", kind: "Alert", words: "Ab", detail: "", isRunnable: true},
  ]);
});
