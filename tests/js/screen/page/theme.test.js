/** The theme and the colours: chosen, remembered, and seen at the page. */

import {make, recall, remember} from "/static/js/dom.js";
import {bindPalette, bindTheme} from "/static/js/screen/page/theme.js";
import {equal, test} from "../../harness.js";

const {classList} = document.documentElement;
const classes = (name) => [...classList].filter((each) => each.startsWith(`${name}-`));

function button(remembered) {
  remember("theme", remembered);
  const made = make("button", {hidden: ""}, make("span", {"data-part": "name"}));
  bindTheme(made);
  return made;
}

test("each press is the next theme, and after the last comes the first", () => {
  const made = button(null);
  equal([made.hidden, made.dataset.theme], [false, "auto"]);
  const seen = [1, 2, 3].map(() => {
    made.click();
    return [made.dataset.theme, made.title, made.textContent, recall("theme"), classes("theme")];
  });
  equal(seen, [
    ["light", "Theme: light", "Theme: light", "light", ["theme-light"]],
    ["dark", "Theme: dark", "Theme: dark", "dark", ["theme-dark"]],
    ["auto", "Theme: auto", "Theme: auto", null, ["theme-auto"]],
  ]);
});

test("what is remembered is shown, and junk is the first", () => {
  equal([button("dark").dataset.theme, button("pink").dataset.theme], ["dark", "auto"]);
});

test("the colours are chosen in a select", () => {
  remember("palette", "eastern");
  const select = make("select", {}, ...["western", "eastern", "blue-orange"].map((value) => make("option", {value})));
  bindPalette(select);
  equal(select.value, "eastern");
  const choose = (value) => {
    select.value = value;
    select.dispatchEvent(new Event("change"));
    return [recall("palette"), classes("palette")];
  };
  equal(choose("blue-orange"), ["blue-orange", ["palette-blue-orange"]]);
  equal(choose("western"), [null, ["palette-western"]]);
});
