/** The box for commands: what is marked, what is chosen, what is remembered. */

import {openCommands} from "/static/js/screen/commands/commands.js";
import {equal, settled, test, until} from "../../harness.js";

const PLACES = {
  pages: [{name: "Reports", url: "/reports/"}], lists: [{name: "Mine", url: "/?list=1"}],
  instruments: [{s: "NVX", name: "Nova"}, {s: "ORB", name: "Orbit"}], instrument: "/i/~/", alert: "/alerts/?s=~",
};

function opened({count = 3, places = Promise.resolve(PLACES), recent = []} = {}) {
  document.querySelector("#commands")?.remove();
  localStorage.setItem("market.recent", recent.join("\n"));
  const ran = [];
  const actions = Array.from({length: count}, (_, at) => ({key: at === 0 ? "x" : "", label: `Act ${at}`, run: () => ran.push(at)}));
  openCommands({actions, read: () => places});
  const dialog = document.querySelector("#commands");
  const input = dialog.querySelector("input");
  const marked = () => dialog.querySelector("[aria-selected=true]")?.querySelector(".command-label").textContent ?? null;
  const press = (key, more = {}) => {
    const event = new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true, ...more});
    input.dispatchEvent(event);
    return event.defaultPrevented;
  };
  const type = (text) => {
    input.value = text;
    input.dispatchEvent(new Event("input"));
  };
  const labels = () => [...dialog.querySelectorAll(".command-label")].map(({textContent}) => textContent);
  return {dialog, input, ran, marked, press, type, labels, note: () => dialog.querySelector("[role=status]").textContent};
}

test("the keyboard marks lines, and goes round at the ends", () => {
  const {dialog, input, press, marked} = opened({count: 20, places: new Promise(() => {})});
  equal([document.activeElement === input, marked(), input.getAttribute("aria-activedescendant")], [true, "Act 0", "command-0"]);
  const after = (key) => (press(key), marked());
  const last = dialog.querySelector("li:last-child .command-label").textContent;
  equal([after("ArrowDown"), after("ArrowUp"), after("ArrowUp"), after("ArrowDown")], ["Act 1", "Act 0", last, "Act 0"]);
  equal([after("PageDown"), after("PageDown"), after("PageUp"), after("PageUp")], ["Act 8", "Act 16", "Act 8", "Act 0"]);
  equal([after("PageUp"), dialog.querySelectorAll("[aria-selected=true]").length], ["Act 0", 1]);
  for (let turn = 0; turn < 9; turn += 1) press("PageDown");
  equal(marked(), last);
  equal([press("ArrowUp", {isComposing: true}), press("a"), marked()], [false, false, last]);
  dialog.close();
});

test("Enter runs what is marked, when the dialog is closed, and remembers it first", async () => {
  const {dialog, press, ran} = opened({recent: ["action:Act 0", "page:/x/"]});
  press("ArrowDown");
  press("Enter");
  equal([ran, dialog.open], [[], false]);
  await until(() => ran.length);
  equal([ran, localStorage.getItem("market.recent").split("\n")], [[1], ["action:Act 1", "action:Act 0", "page:/x/"]]);
});

test("what was chosen lately stands first", () => {
  const {dialog, labels} = opened({recent: ["action:Act 2"], places: new Promise(() => {})});
  equal(labels().slice(0, 3), ["Act 2", "Act 0", "Act 1"]);
  dialog.close();
});

test("a click runs the line under it, and one beside the lines nothing", async () => {
  const {dialog, ran} = opened();
  dialog.querySelector("ul").click();
  equal(dialog.open, true);
  dialog.querySelectorAll(".command-label")[2].click();
  await until(() => ran.length);
  equal(ran, [2]);
});

test("places come later, and what is marked stays marked", async () => {
  const {dialog, press, marked, labels, note} = opened();
  equal(note(), "Reading lists and instruments…");
  press("ArrowDown");
  await settled();
  equal([marked(), note(), labels().includes("Mine"), labels().includes("NVX")], ["Act 1", "", true, false]);
  dialog.close();
});

test("at most 50 lines are shown, and a text that fits nothing says so", async () => {
  const {dialog, type, labels, note, input} = opened({count: 60});
  await settled();
  type("act");
  equal(labels().length, 50);
  type("qqq");
  equal([labels(), note(), input.getAttribute("aria-activedescendant")], [[], "Nothing fits.", null]);
  type("  ");
  equal(labels().includes("Act 59"), true);
  dialog.close();
});

test("a text marks the first line again when places come", async () => {
  const {dialog, type, press, marked} = opened();
  type("act");
  press("ArrowDown");
  equal(marked(), "Act 1");
  await settled();
  equal(marked(), "Act 0");
  dialog.close();
});

test("Enter before anything fits is kept until the places come, unless somebody types on", async () => {
  const eager = opened({count: 0, places: new Promise((resolve) => { opened.give = resolve; })});
  eager.type("act");
  eager.press("Enter");
  equal(eager.dialog.open, true);
  eager.type("nv");
  opened.give(PLACES);
  await settled();
  equal([eager.dialog.open, eager.marked()], [true, "NVX"]);
  eager.dialog.close();
});

test("Enter that fits nothing, when all is here, chooses nothing later", async () => {
  const {dialog, type, press} = opened();
  await settled();
  type("qqq");
  press("Enter");
  equal(dialog.open, true);
  dialog.close();
});

test("places that cannot be read are said to be missing", async () => {
  const {dialog, note, labels} = opened({places: Promise.reject(new Error("away"))});
  await settled();
  equal([note(), labels().slice(0, 3)], ["Lists and instruments could not be read.", ["Act 0", "Act 1", "Act 2"]]);
  dialog.close();
});

test("an action shows its key, other lines what they are", async () => {
  const {dialog, type} = opened();
  await settled();
  equal(dialog.querySelector("kbd").textContent, "x");
  type("nova");
  equal([...dialog.querySelector("li").children].map(({tagName, textContent}) => [tagName, textContent]), [["SPAN", "NVX"], ["SPAN", "Nova"], ["SPAN", "Instrument"]]);
  dialog.close();
});
