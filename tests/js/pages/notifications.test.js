/** The page of all notifications: they appear as they come, and the choices of this browser are bound. */

import {equal, test} from "../harness.js";
import {welcome} from "./market.js";
import {opened} from "./page_frame.js";

const SCRIPT = "/static/js/pages/notifications.js";

test("it asks for no prices, and what comes is told on the page", async () => {
  const page = await opened(SCRIPT, {path: "/notifications/"});
  await page.pass(0);
  welcome(page);
  equal(page.commands.map(({channel}) => channel).filter(Boolean), ["status", "notifications"]);
  const before = page.text("#main");
  page.say({channel: "notifications", type: "snapshot", seq: 1, unread: 0, data: []});
  page.say({channel: "notifications", type: "update", seq: 2, unread: 1, data: [{id: 2, title: "Fired", body: "", level: "info", t: 1_000, read: false}]});
  await page.pass(1_000);
  equal(page.text("#main") === before, false);
});

test("the choices of this browser are kept", async () => {
  const page = await opened(SCRIPT, {path: "/notifications/"});
  const sound = page.byId("choice-sound");
  equal(sound.checked, false);
  sound.click();
  const kept = localStorage.getItem("market.notices.sound");
  sound.click();
  equal([kept === null, localStorage.getItem("market.notices.sound")], [false, null]);
});

test("the switch of pushes says what this browser can do", async () => {
  const page = await opened(SCRIPT, {path: "/notifications/"});
  const before = page.find("#push").textContent;
  await page.until(() => page.find("#push").textContent !== before || page.find("#push button:not([hidden])"));
});
