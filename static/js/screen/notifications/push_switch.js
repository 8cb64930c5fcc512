// @ts-check
/**
 * The button that turns pushes to this browser on and off, and what there is to say about it.
 * Must not know the network.
 */

import {find, remember, write} from "../../dom.js";
import {PUSHED} from "./choices.js";

/**
 * @typedef {object} Receiver
 * @property {string} obstacle why there can be no pushes, or ""
 * @property {() => Promise<boolean>} isOn
 * @property {() => Promise<{isDone: boolean, text: string}>} turnOn
 * @property {() => Promise<{isDone: boolean, text: string}>} turnOff
 */

/**
 * Let the button of a panel show and change whether there are pushes. It is there from the start, so that nothing moves, and
 * can be pressed once it is known what it would do.
 * @param {HTMLElement} panel
 * @param {Receiver} receiver
 */
export async function bindSwitch(panel, receiver) {
  const button = /** @type {HTMLButtonElement} */ (find(panel, "[data-part=switch]"));
  const note = find(panel, "[data-part=note]");
  if (receiver.obstacle) {
    button.hidden = true;
    write(note, receiver.obstacle);
    return;
  }
  let isOn = await receiver.isOn();
  button.addEventListener("click", () => void change());
  show();

  async function change() {
    button.disabled = true;
    const {isDone, text} = await (isOn ? receiver.turnOff() : receiver.turnOn());
    if (isDone) isOn = !isOn;
    write(note, isDone ? saysOf(isOn) : text);
    show();
  }

  function show() {
    button.disabled = false;
    write(button, isOn ? "Push no more to this browser" : "Push to this browser");
    remember(PUSHED, isOn ? "1" : null);
  }
}

/** @param {boolean} isOn */
function saysOf(isOn) {
  return isOn ? "Notifications are pushed to this browser." : "Nothing more is pushed to this browser.";
}
