/** The button for pushes does what it says, and what is refused changes nothing. */

import {make} from "/static/js/dom.js";
import {bindSwitch} from "/static/js/screen/notifications/push_switch.js";
import {equal, settled, test} from "../../harness.js";

async function shown({obstacle = "", isOn = false, answer = {isDone: true, text: ""}} = {}) {
  localStorage.removeItem("market.notices.pushed");
  const panel = make("section", {}, make("button", {"data-part": "switch", disabled: ""}), make("p", {"data-part": "note"}));
  const turned = [];
  const turn = (name) => () => {
    turned.push(name);
    return Promise.resolve(answer);
  };
  await bindSwitch(panel, {obstacle, isOn: () => Promise.resolve(isOn), turnOn: turn("on"), turnOff: turn("off")});
  const [button, note] = panel.children;
  const click = async () => {
    button.click();
    const wasDisabled = button.disabled;
    await settled();
    equal([wasDisabled, button.disabled], [true, false]);
  };
  return {button, note, turned, click, pushed: () => localStorage.getItem("market.notices.pushed")};
}

test("a browser that can take none has no button, and says why", async () => {
  const {button, note, turned} = await shown({obstacle: "no push here"});
  button.click();
  equal([button.hidden, note.textContent, turned], [true, "no push here", []]);
});

test("the button turns pushes on and off, and the page knows which", async () => {
  const {button, note, turned, click, pushed} = await shown();
  equal([button.disabled, button.textContent, note.textContent, pushed()], [false, "Push to this browser", "", null]);
  await click();
  equal([button.textContent, note.textContent, pushed()], ["Push no more to this browser", "Notifications are pushed to this browser.", "1"]);
  await click();
  equal([button.textContent, note.textContent, pushed()], ["Push to this browser", "Nothing more is pushed to this browser.", null]);
  equal(turned, ["on", "off"]);
});

test("what is refused stays as it was, and is said", async () => {
  const {button, note, turned, click, pushed} = await shown({isOn: true, answer: {isDone: false, text: "refused"}});
  await click();
  await click();
  equal([button.textContent, note.textContent, pushed(), turned], ["Push no more to this browser", "refused", "1", ["off", "off"]]);
});
