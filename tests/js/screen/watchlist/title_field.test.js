/** The field that replaces a title: Enter and leaving give the new name, Escape the old one. */

import {make} from "/static/js/dom.js";
import {openTitleField} from "/static/js/screen/watchlist/title_field.js";
import {each, equal, test} from "../../harness.js";

function field(title = "Energy") {
  document.querySelector("#titles-of-tests")?.remove();
  const place = make("button", {type: "button"}, title);
  const other = make("button", {type: "button"}, "other");
  const box = make("div", {id: "titles-of-tests"}, place, other);
  document.body.append(box);
  const names = [];
  openTitleField(place, title, (name) => names.push(name));
  const input = box.querySelector("input");
  input.focus();
  return {place, other, box, names, input, press: (key) => input.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}))};
}

test("the field has the title, all of it selected, and as many letters as a title may have", () => {
  const {input, box, place} = field();
  equal([input.value, input.selectionStart, input.selectionEnd, input.maxLength, box.contains(place)], ["Energy", 0, 6, 40, false]);
  equal(input.getAttribute("aria-label"), "Name of the section");
});

test("Enter gives the name once, without the blanks around it, and the title has the focus", () => {
  const {input, names, press, place, box} = field();
  input.value = "  Power ";
  press("Enter");
  equal([names, box.querySelector("input"), document.activeElement === place], [["Power"], null, true]);
});

test("leaving gives the name, and does not take the focus back", () => {
  const {input, names, other, place} = field();
  input.value = "Power";
  other.focus();
  equal([names, document.activeElement === other, place.isConnected], [["Power"], true, true]);
});

test("Escape leaves the name as it was", () => {
  const {input, names, press, place} = field();
  input.value = "Power";
  press("Escape");
  equal([names, document.activeElement === place], [[], true]);
});

test("the same name and no name are no change", () => each(["Energy", " Energy ", "", "   "], (value) => {
  const {input, names, press} = field();
  input.value = value;
  press("Enter");
  equal(names, []);
}));

test("other keys stay in the field, and no key reaches the table", () => {
  const {box, press, input} = field();
  const heard = [];
  box.addEventListener("keydown", ({key}) => heard.push(key));
  press("Delete");
  press("a");
  press("Enter");
  equal([heard, input.isConnected], [[], false]);
});
