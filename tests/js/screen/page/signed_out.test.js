/** A page whose person is signed out: everything is gone but the reason and the way back. */

import {make} from "/static/js/dom.js";
import {showSignedOut, watchSignOut} from "/static/js/screen/page/signed_out.js";
import {equal, test, until} from "../../harness.js";

function page() {
  for (const each of document.querySelectorAll("main, #signed-out, [data-signed-in]")) each.remove();
  const template = make("template", {id: "signed-out"});
  template.content.append(make("h1", {id: "signed-out-title"}), make("p", {"data-part": "reason"}), make("a", {href: "/in/"}, "Sign in"));
  document.body.append(make("main", {id: "main"}, make("p", {}, "101.25")), make("nav", {"data-signed-in": ""}), template);
  return document.querySelector("main");
}

test("prices go, and a link leads back to this very page", () => {
  const main = page();
  showSignedOut();
  equal(main.textContent.includes("101.25"), false);
  equal(main.querySelector("[data-part=reason]").textContent.includes("in another browser"), true);
  equal(main.querySelector("a").getAttribute("href").split("next=")[1], encodeURIComponent(location.pathname + location.search));
  equal(document.querySelectorAll("[data-signed-in]").length, 0);
  showSignedOut();
  equal(main.querySelectorAll("a").length, 1);
});

test("a sign-out in another tab is heard, and is the reason; other forms are not", async () => {
  const main = page();
  let heard = 0;
  watchSignOut(() => (heard += 1));
  const tab = new BroadcastChannel("market.sign-out");
  const said = [];
  tab.addEventListener("message", () => said.push(1));
  const stop = (event) => event.preventDefault();
  document.addEventListener("submit", stop);
  const [other, out] = [make("form"), make("form", {"data-signs-out": ""})];
  document.body.append(other, out);
  for (const form of [other, out]) form.requestSubmit();
  await until(() => said.length > 0);
  document.removeEventListener("submit", stop);
  equal([said.length, heard], [1, 0]);
  tab.postMessage("signing out");
  await until(() => heard > 0);
  tab.close();
  showSignedOut();
  equal(main.querySelector("[data-part=reason]").textContent, "You signed out in another tab of this browser.");
});
