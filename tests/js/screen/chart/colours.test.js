/** The colours of the page as a canvas needs them. */

import {make} from "/static/js/dom.js";
import {coloursOf, faint, watchColours} from "/static/js/screen/chart/colours.js";
import {equal, ok, test} from "../../harness.js";

test("a variable is worked out to a colour, also over another variable", () => {
  const place = make("div");
  document.body.append(place);
  place.style.setProperty("--base", "rgb(1, 2, 3)");
  place.style.setProperty("--up", "var(--base)");
  place.style.setProperty("--line-strong", "rgb(4, 5, 6)");
  const colours = coloursOf(place);
  equal([colours.up, colours["line-strong"], place.childElementCount], ["rgb(1, 2, 3)", "rgb(4, 5, 6)", 0]);
  equal(Object.keys(colours).length, 13);
});

test("a colour lets something through", () => {
  equal([faint("rgb(8, 120, 74)", 0.5), faint(undefined, 0.2)], ["rgba(8, 120, 74, 0.5)", "rgba(128, 128, 128, 0.2)"]);
});

test("another look is heard, and another attribute is not", async () => {
  let heard = 0;
  watchColours(() => { heard += 1; });
  const root = document.documentElement;
  root.dataset.other = "x";
  await new Promise((resolve) => setTimeout(resolve));
  equal(heard, 0);
  root.classList.add("of-a-test");
  await new Promise((resolve) => setTimeout(resolve));
  root.classList.remove("of-a-test");
  delete root.dataset.other;
  ok(heard >= 1, "nothing was heard");
});
