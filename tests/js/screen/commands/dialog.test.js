/** A dialog keeps the keyboard, and gives it back where it was. */

import {make} from "/static/js/dom.js";
import {openDialog, titledDialog} from "/static/js/screen/commands/dialog.js";
import {each, equal, ok, settled, test} from "../../harness.js";

const closed = (dialog) => new Promise((resolve) => dialog.addEventListener("close", resolve));

function opened() {
  const before = make("button", {}, "before");
  document.body.append(before);
  before.focus();
  const [first, last] = [make("button", {}, "first"), make("input")];
  const dialog = make("dialog", {}, first, make("button", {tabindex: "-1"}), last);
  openDialog(dialog);
  const tab = (more) => {
    const event = new KeyboardEvent("keydown", {key: "Tab", bubbles: true, cancelable: true, ...more});
    document.activeElement.dispatchEvent(event);
    return event.defaultPrevented;
  };
  return {before, dialog, first, last, tab};
}

test("Tab goes round at both ends, and stays the browser's in between", async () => {
  const {dialog, first, last, tab} = opened();
  last.focus();
  equal([tab({shiftKey: true}), document.activeElement === last], [false, true]);
  equal([tab(), document.activeElement === first], [true, true]);
  equal([tab(), document.activeElement === first], [false, true]);
  equal([tab({key: "ArrowUp", shiftKey: true}), document.activeElement === first], [false, true]);
  equal([tab({shiftKey: true}), document.activeElement === last], [true, true]);
  const gone = closed(dialog);
  dialog.close();
  await gone;
});

test("the keyboard goes back to where it was, and the dialog goes away", async () => {
  const {before, dialog} = opened();
  ok(dialog.open && dialog.isConnected, "it is not shown");
  const gone = closed(dialog);
  dialog.close();
  await gone;
  await settled();
  equal([dialog.isConnected, document.activeElement === before], [false, true]);
});

test("the keyboard goes to the menu whose entry is hidden now", async () => {
  const entry = make("button", {}, "entry");
  const menu = make("details", {open: ""}, make("summary", {}, "menu"), entry);
  document.body.append(menu);
  entry.focus();
  const dialog = make("dialog", {}, make("button"));
  openDialog(dialog);
  menu.open = false;
  const gone = closed(dialog);
  dialog.close();
  await gone;
  await settled();
  equal(document.activeElement.textContent, "menu");
});

test("a click beside a dialog closes it; one on its edge or in it does not", () => each([
  [10, 20, true], [110, 70, true], [10, 70, true], [9, 30, false], [111, 30, false], [50, 19, false], [50, 71, false],
], async ([clientX, clientY, isOpen]) => {
  const {dialog, first} = opened();
  Object.assign(dialog.style, {margin: "0", left: "10px", top: "20px", width: "100px", height: "50px", boxSizing: "border-box"});
  const click = (target) => target.dispatchEvent(new MouseEvent("click", {clientX, clientY, bubbles: true}));
  const gone = closed(dialog);
  click(first);
  equal(dialog.open, true);
  click(dialog);
  equal(dialog.open, isOpen);
  dialog.close();
  await gone;
}));

test("a title names the dialog, and its button closes it", async () => {
  const dialog = titledDialog({id: "about", title: "About"}, make("p", {}, "text"));
  openDialog(dialog);
  equal([document.getElementById(dialog.getAttribute("aria-labelledby")).textContent, dialog.querySelector("p").textContent], ["About", "text"]);
  const gone = closed(dialog);
  dialog.querySelector("button").click();
  await gone;
  equal(dialog.open, false);
});
