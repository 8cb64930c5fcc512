/** How pages look: chosen, remembered, and seen at the page. */

import {make, recall, remember} from "/static/js/dom.js";
import {ASPECTS, adopt, bindTheme, choose, chosen, followChoices} from "/static/js/screen/page/theme.js";
import {each, equal, test} from "../../harness.js";

const {classList} = document.documentElement;
const classes = (name) => [...classList].filter((one) => one.startsWith(`${name}-`));

function button(remembered) {
  remember("theme", remembered);
  const made = make("button", {}, make("span", {"data-part": "name"}));
  bindTheme(made);
  return made;
}

test("each press is the next theme, and after the last comes the first", () => {
  const made = button(null);
  equal(made.dataset.theme, "auto");
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

test("the button follows a theme that is chosen elsewhere", () => {
  const made = button(null);
  choose("theme", "dark");
  equal(made.dataset.theme, "dark");
  choose("theme", "auto");
});

test("each aspect has one class at a time, and its first value is not remembered", () =>
  each(Object.keys(ASPECTS), (aspect) => {
    for (const value of ASPECTS[aspect].slice(1)) {
      choose(aspect, value);
      equal([chosen(aspect), recall(aspect), classes(aspect)], [value, value, [`${aspect}-${value}`]]);
    }
    choose(aspect, ASPECTS[aspect][0]);
    equal([recall(aspect), classes(aspect)], [null, [`${aspect}-${ASPECTS[aspect][0]}`]]);
  }));

test("another tab's choice is shown here", () => {
  followChoices();
  remember("density", "compact");
  dispatchEvent(new StorageEvent("storage", {key: "market.density"}));
  equal(classes("density"), ["density-compact"]);
  choose("density", "cosy");
});

test("a choice is told to the page, so that the server keeps it, and the usual one is empty", () => {
  const kept = [];
  const hear = ({detail}) => kept.push(detail);
  addEventListener("kept", hear);
  choose("zone", "utc");
  choose("zone", "local");
  removeEventListener("kept", hear);
  equal(kept, [{name: "zone", value: "utc"}, {name: "zone", value: ""}]);
});

test("what the person chose elsewhere is shown, is not told back, and the rest becomes as usual", () => {
  const kept = [];
  const hear = () => kept.push(1);
  choose("density", "compact");
  addEventListener("kept", hear);
  adopt({"palette": "eastern", "theme": 7, "notices.sound": "1", "junk": "x"});
  removeEventListener("kept", hear);
  equal(["palette", "density", "theme"].map((aspect) => chosen(aspect)), ["eastern", "cosy", "auto"]);
  equal([recall("notices.sound"), recall("notices.desktop"), recall("junk"), kept], ["1", null, null, []]);
  equal([classes("palette"), classes("density")], [["palette-eastern"], ["density-cosy"]]);
  adopt({});
  equal([chosen("palette"), recall("notices.sound")], ["western", null]);
});
