/** Short texts in the corner: three at most, critical ones last to go. */

import {make} from "/static/js/dom.js";
import {Toasts} from "/static/js/screen/notifications/toasts.js";
import {equal, test} from "../../harness.js";

function shown() {
  for (const id of ["toasts-polite", "toasts-alert"]) document.getElementById(id)?.remove();
  const [polite, alert] = ["toasts-polite", "toasts-alert"].map((id) => make("div", {id}));
  document.body.append(polite, alert);
  const titles = () => [polite, alert].map((place) => [...place.children].map((toast) => toast.querySelector("strong").textContent));
  return {toasts: new Toasts(), polite, titles};
}

test("three stay, the oldest goes, and critical ones go last", () => {
  const {toasts, titles} = shown();
  toasts.show({title: "a", level: "critical"});
  for (const title of ["b", "c", "d", "e"]) toasts.show({title});
  equal(titles(), [["d", "e"], ["a"]]);
});

test("an unknown level counts as information", () => {
  const {toasts, polite} = shown();
  toasts.show({title: "a", level: "odd"});
  equal(polite.firstElementChild.className, "toast toast-info");
});

test("what was read elsewhere is taken back, and a button closes", () => {
  const {toasts, titles, polite} = shown();
  toasts.show({title: "a", id: 7});
  toasts.show({title: "b", id: 8});
  toasts.show({title: "c"});
  toasts.dismiss([7, 9]);
  equal(titles()[0], ["b", "c"]);
  polite.firstElementChild.querySelector("button").click();
  equal(titles()[0], ["c"]);
});

test("an action runs once and takes its toast away", () => {
  const {toasts, titles, polite} = shown();
  const done = [];
  toasts.show({title: "NVX removed", action: {label: "Undo", run: () => done.push("undone")}});
  const button = polite.querySelector("button");
  equal(button.textContent, "Undo");
  button.click();
  equal([done, titles()[0]], [["undone"], []]);
});

test("a toast about a symbol leads to its page", () => {
  const {toasts, polite} = shown();
  toasts.show({title: "BTC/USD is above 5", symbol: "BTC/USD"});
  toasts.show({title: "maintenance", symbol: ""});
  const links = [...polite.querySelectorAll("a")].map((link) => [link.getAttribute("href"), link.textContent]);
  equal(links, [["/i/BTC/USD/", "Open BTC/USD"]]);
});
