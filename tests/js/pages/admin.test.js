/** What every page of the admin has: theme, menus, appearance, and what the person chose elsewhere. */

import {equal, ok, test} from "../harness.js";
import {opened} from "./page_frame.js";

const admin = (options) => opened("/static/js/pages/admin.js", {path: "/admin/", ...options});

test("the button switches the theme, here and on the server", async () => {
  const page = await admin();
  equal([page.byId("theme").hidden, page.byId("theme").title], [false, "Theme: auto"]);
  page.click("#theme");
  await page.pass(0);
  equal(page.document.documentElement.classList.contains("theme-light"), true);
  equal(page.posted, [{url: page.find("[data-preferences]").dataset.preferences, name: "theme", value: "light"}]);
});

test("what another tab of this browser chooses is shown", async () => {
  const page = await admin();
  localStorage.setItem("market.theme", "dark");
  page.hear("storage", {key: "market.theme"});
  equal(page.document.documentElement.classList.contains("theme-dark"), true);
});

test("a click elsewhere closes the menu of the account", async () => {
  const page = await admin();
  page.byId("account").open = true;
  page.click("#content");
  equal(page.byId("account").open, false);
});

test("the appearance is opened as that of a person", async () => {
  const page = await admin();
  page.click("#appearance-open");
  await page.until(() => page.find("dialog"));
  ok(page.text("dialog .dialog-note").startsWith("Your choices follow you"), page.text("dialog .dialog-note"));
});

test("icons that Django names get a role when the page has loaded", async () => {
  const page = await admin();
  const icon = page.document.createElement("img");
  icon.className = "search-label-icon";
  page.document.body.append(icon);
  page.hear("load");
  equal(icon.getAttribute("role"), "img");
});

test("a sign-out in another tab ends the page", async () => {
  const page = await admin();
  page.answers["/"] = () => page.json({}, 401);
  await page.signOutElsewhere();
  await page.pass(1_500);
  await page.until(() => page.byId("signed-out-title"));
});
