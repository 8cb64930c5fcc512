/** The choices of how pages look: each shows what is chosen, and is followed at once. */

import {openAppearance} from "/static/js/screen/commands/appearance.js";
import {ASPECTS, choose, chosen} from "/static/js/screen/page/theme.js";
import {each, equal, test} from "../../harness.js";

const NOTES = [[true, "Your choices follow you"], [false, "This browser keeps"]];

test("the note says where choices are kept", () => each(NOTES, ([isKept, begin]) => {
  openAppearance(isKept);
  const dialog = document.querySelector("#appearance");
  equal(dialog.querySelector("p").textContent.startsWith(begin), true);
  dialog.remove();
}));

test("each aspect offers its values, shows the chosen one, and is followed", () => each(Object.keys(ASPECTS), (aspect) => {
  const values = ASPECTS[aspect];
  choose(aspect, values.at(-1));
  openAppearance(false);
  const dialog = document.querySelector("#appearance");
  const select = dialog.querySelector(`#look-${aspect}`);
  equal([[...select.options].map(({value}) => value), select.value], [[...values], values.at(-1)]);
  equal([...select.options, select.labels[0].querySelector("span")].filter(({textContent}) => textContent === ""), []);
  equal(select.selectedIndex, values.length - 1);
  select.value = values[0];
  select.dispatchEvent(new Event("change"));
  equal(chosen(aspect), values[0]);
  dialog.remove();
}));
