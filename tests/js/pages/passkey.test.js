/** The buttons of passkeys are shown where the browser has them, and a failure is told on the page. */

import {equal, test} from "../harness.js";
import {opened} from "./page_frame.js";

const shown = (change = () => {}) => opened("/static/js/pages/passkey.js", {change: (page) => {
  const {document} = page;
  const note = Object.assign(document.createElement("p"), {id: "passkey-note", hidden: true});
  const button = Object.assign(document.createElement("button"), {hidden: true});
  button.dataset.passkey = "";
  document.body.append(note, button, Object.assign(document.createElement("button"), {hidden: true, id: "other"}));
  change(page);
}});
const ready = (page) => page.document.dispatchEvent(new page.window.Event("DOMContentLoaded"));

test("buttons of passkeys are shown when allauth's scripts are there, and no others", async () => {
  const page = await shown();
  equal(page.find("[data-passkey]").hidden, true);
  ready(page);
  equal([page.find("[data-passkey]").hidden, page.byId("other").hidden], [false, true]);
});

test("a browser without passkeys shows no button", async () => {
  const page = await shown(({window}) => delete window.PublicKeyCredential);
  ready(page);
  equal(page.find("[data-passkey]").hidden, true);
});

test("a failure is told on the page and not on the console", async () => {
  const page = await shown();
  const event = new page.window.Event("allauth.error", {cancelable: true});
  page.document.dispatchEvent(event);
  equal([event.defaultPrevented, page.text("#passkey-note")], [true, "Nothing was done: the passkey was not used, or this browser cannot use one."]);
});

test("a page without the note leaves a failure to allauth", async () => {
  const page = await shown(({document}) => document.getElementById("passkey-note").remove());
  const event = new page.window.Event("allauth.error", {cancelable: true});
  page.document.dispatchEvent(event);
  equal(event.defaultPrevented, false);
});
