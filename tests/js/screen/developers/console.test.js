/** A log of a socket: bounded, newest first, and people can pause, clear and unfold it. */

import {make} from "/static/js/dom.js";
import {Console} from "/static/js/screen/developers/console.js";
import {equal, test} from "../../harness.js";

const painted = () => new Promise((resolve) => { requestAnimationFrame(resolve); });

function shown() {
  const parts = Object.fromEntries([["log", "ul"], ["count", "span"], ["pause", "button"], ["clear", "button"]].map(
    ([name, tag]) => [name, make(tag, {"data-part": name})],
  ));
  const panel = make("section", {}, ...Object.values(parts));
  const codes = () => [...parts.log.querySelectorAll("summary code")].map(({textContent}) => textContent);
  return {console: new Console(panel), codes, ...parts};
}

test("lines come with the next frame, the newest first, with their direction and size", async () => {
  const {console, codes, log, count} = shown();
  console.add("sent", "é");
  console.add("received", "two");
  console.add("note", "three");
  equal(codes(), []);
  await painted();
  equal([codes(), count.textContent], [["three", "two", "é"], "3 lines"]);
  equal([...log.querySelectorAll(".size")].map(({textContent}) => textContent), ["", "3 B", "2 B"]);
  equal([...log.querySelectorAll(".arrow")].map(({textContent}) => textContent), ["•", "←", "→"]);
  equal([...log.querySelectorAll("details")].map(({dataset}) => dataset.kind), ["note", "received", "sent"]);
});

test("lines wait during a pause and come after it", async () => {
  const {console, codes, pause, count} = shown();
  console.add("sent", "one");
  await painted();
  pause.click();
  console.add("sent", "two");
  await painted();
  equal([codes(), count.textContent, pause.textContent, pause.getAttribute("aria-pressed")], [["one"], "2 lines, 1 waiting", "Resume", "true"]);
  pause.click();
  await painted();
  equal([codes(), count.textContent, pause.textContent, pause.getAttribute("aria-pressed")], [["two", "one"], "2 lines", "Pause", "false"]);
});

test("the log and what waits are bounded", async () => {
  const {console, codes, pause, count} = shown();
  const add = (from, to) => { for (let number = from; number < to; number += 1) console.add("sent", String(number)); };
  add(0, 150);
  await painted();
  pause.click();
  add(150, 351);
  await painted();
  equal(count.textContent, "351 lines, 200 waiting");
  pause.click();
  await painted();
  equal([codes().length, codes()[0], codes().at(-1)], [200, "350", "151"]);
});

test("a cleared log is empty and counts again", async () => {
  const {console, codes, clear, pause, count} = shown();
  console.add("sent", "one");
  await painted();
  pause.click();
  console.add("sent", "two");
  clear.click();
  equal([codes(), count.textContent], [[], ""]);
  pause.click();
  console.add("sent", "three");
  await painted();
  equal([codes(), count.textContent], [["three"], "1 lines"]);
});

test("a line is folded to what can be read, and unfolds once to all of it", async () => {
  const {console, log} = shown();
  console.add("received", JSON.stringify({a: "x".repeat(400)}));
  console.add("received", "y".repeat(50_001));
  await painted();
  const [plain, json] = [...log.querySelectorAll("details")];
  equal([plain, json].map((details) => details.querySelector("summary code").textContent.length), [300, 300]);
  for (const details of [plain, json, json]) details.dispatchEvent(new Event("toggle"));
  equal([plain, json].map((details) => details.querySelectorAll("pre").length), [1, 1]);
  equal(json.querySelector("pre").textContent, `{\n  "a": "${"x".repeat(400)}"\n}`);
  equal(plain.querySelector("pre").textContent, `${"y".repeat(50_000)}\n…`);
});
