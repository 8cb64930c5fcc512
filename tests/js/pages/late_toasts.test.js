/** Toasts that are shown before their script is there. */

import {make} from "/static/js/dom.js";
import {LateToasts} from "/static/js/pages/late_toasts.js";
import {equal, test, until} from "../harness.js";

const titles = () => [...document.querySelectorAll(".toast strong")].map(({textContent}) => textContent);

function places() {
  for (const id of ["toasts-polite", "toasts-alert"]) {
    document.getElementById(id)?.remove();
    document.body.append(make("div", {id}));
  }
}

test("a toast that is shown at once appears, and one that was read meanwhile does not stay", async () => {
  places();
  const toasts = new LateToasts();
  toasts.show({title: "first", id: 1});
  toasts.show({title: "second", id: 2});
  toasts.dismiss([1]);
  await until(() => titles().length > 0);
  await new Promise((resolve) => setTimeout(resolve));
  equal(titles(), ["second"]);
});
