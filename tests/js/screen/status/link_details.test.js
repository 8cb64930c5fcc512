/** The details of the connection: shown to whoever looks, by pointer or keyboard, and hidden by Escape. */

import {make} from "/static/js/dom.js";
import {LinkDetails} from "/static/js/screen/status/link_details.js";
import {equal, test} from "../../harness.js";

function shown() {
  document.querySelector("#box-of-tests")?.remove();
  const summary = make("summary", {}, "Live");
  const box = make("div", {id: "box-of-tests"}, make("details", {}, summary));
  document.body.append(box);
  const wanted = [];
  return {box, summary, wanted, details: new LinkDetails(box, {onwanted: () => wanted.push(1)})};
}

test("they are wanted by a pointer and by the keyboard, and shown while they are", () => {
  const {box, summary, wanted, details} = shown();
  equal(details.areShown, false);
  box.dispatchEvent(new PointerEvent("pointerenter"));
  equal(wanted.length, 1);
  summary.focus();
  equal([details.areShown, wanted.length], [true, 2]);
  summary.blur();
  equal(details.areShown, false);
  box.querySelector("details").open = true;
  equal(details.areShown, true);
});

test("Escape hides them until somebody looks again", () => {
  const {box, summary} = shown();
  summary.focus();
  document.dispatchEvent(new KeyboardEvent("keydown", {key: "a"}));
  equal(box.classList.contains("is-dismissed"), false);
  document.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape"}));
  equal(box.classList.contains("is-dismissed"), true);
  summary.blur();
  summary.focus();
  equal(box.classList.contains("is-dismissed"), false);
});
