/** Keys that work anywhere on a page, but where somebody types, or has switched them off. */

import {make} from "/static/js/dom.js";
import {areKeysOn, bindKeys, offerActions, offeredActions, switchKeys} from "/static/js/screen/page/keyboard.js";
import {each, equal, test} from "../../harness.js";

localStorage.removeItem("market.keys");
const input = make("input", {name: "text"});
const dialog = make("dialog");
document.body.append(input, dialog);
let [times, opened] = [0, 0];
offerActions([{key: "p", label: "Pause", run: () => { times += 1; }}, {key: "", label: "Theme", run: () => { times += 100; }}]);
bindKeys({oncommands: () => { opened += 1; }});

/** Press a key somewhere. Return how often the action was done, and whether the browser was kept from its own. */
function press(key, {on = document.body, ...more} = {}) {
  const before = times + opened;
  const event = new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true, ...more});
  on.dispatchEvent(event);
  return [times + opened - before, event.defaultPrevented];
}

test("a key does its action, and others are left to the browser", () => {
  equal([areKeysOn(), press("p"), press("x"), press("")], [true, [1, true], [0, false], [0, false]]);
});

test("keys mean themselves where somebody types, and with other keys", () => {
  equal([press("p", {on: input}), press("p", {ctrlKey: true}), press("p", {metaKey: true}), press("p", {altKey: true})],
    [[0, false], [0, false], [0, false], [0, false]]);
});

test("the commands open by Ctrl+K and Cmd+K, also while somebody types, and by nothing like these", () => {
  each([{ctrlKey: true}, {metaKey: true}], (keys) => equal([press("k", keys), press("k", {...keys, on: input})], [[1, true], [1, true]]));
  each([{}, {ctrlKey: true, metaKey: true}, {ctrlKey: true, shiftKey: true}, {ctrlKey: true, altKey: true}], (keys) => equal(press("k", keys), [0, false]));
});

test("an open dialog has the keys", () => {
  dialog.showModal();
  equal([press("p"), press("k", {ctrlKey: true})], [[0, false], [0, false]]);
  dialog.close();
});

test("a key that comes right after a dialog has closed is not typed into it", () => {
  const field = make("input");
  dialog.append(field);
  dialog.showModal();
  field.focus();
  const whileOpen = press("p", {on: field});
  dialog.close();
  equal([document.activeElement, whileOpen, press("p", {on: field})], [field, [0, false], [1, true]]);
});

test("single keys can be switched off, which is remembered, and the commands stay", () => {
  switchKeys(false);
  equal([press("p"), localStorage.getItem("market.keys"), press("k", {ctrlKey: true})], [[0, false], "off", [1, true]]);
  switchKeys(true);
  equal([press("p"), localStorage.getItem("market.keys")], [[1, true], null]);
});

test("what can be done is known by its name", () => {
  equal(offeredActions().map(({label}) => label), ["Pause", "Theme"]);
});
