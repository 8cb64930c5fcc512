/** Keys that work anywhere on a page, but where somebody types, or has switched them off. */

import {make} from "/static/js/dom.js";
import {bindKeys} from "/static/js/screen/page/keyboard.js";
import {equal, test} from "../../harness.js";

localStorage.removeItem("market.keys");
for (const id of ["help", "keys-on", "help-open"]) document.getElementById(id)?.remove();
const help = make("dialog", {id: "help"});
const isOn = make("input", {id: "keys-on", type: "checkbox"});
const open = make("button", {id: "help-open", type: "button"});
const input = make("input", {name: "text"});
document.body.append(help, isOn, open, input);
let times = 0;
bindKeys({p: () => { times += 1; }});

/** Press a key somewhere. Return how often the action was done, and whether the browser was kept from its own. */
function press(key, {on = document.body, ...more} = {}) {
  const before = times;
  const event = new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true, ...more});
  on.dispatchEvent(event);
  return [times - before, event.defaultPrevented];
}

test("a key does its action, and others are left to the browser", () => {
  equal([isOn.checked, press("p"), press("x")], [true, [1, true], [0, false]]);
});

test("keys mean themselves where somebody types, and with other keys", () => {
  equal([press("p", {on: input}), press("p", {ctrlKey: true}), press("p", {metaKey: true}), press("p", {altKey: true})],
    [[0, false], [0, false], [0, false], [0, false]]);
});

test("the help opens by a key and a button, and takes the keys while it is open", () => {
  press("?");
  equal([help.open, press("p")], [true, [0, false]]);
  help.close();
  open.click();
  equal(help.open, true);
  help.close();
});

test("keys can be switched off, and that is remembered", () => {
  isOn.click();
  equal([press("p"), localStorage.getItem("market.keys")], [[0, false], "off"]);
  isOn.click();
  equal([press("p"), localStorage.getItem("market.keys")], [[1, true], null]);
});
