/** The shell of every page: its keys, its menus, and the dialogs that are loaded when they are wanted. */

import {equal, ok, test} from "../harness.js";
import {opened} from "./page_frame.js";

const shell = (options) => opened("/static/js/pages/shell.js", options);
const signedOut = ({document}) => {
  delete document.documentElement.dataset.places;
  delete document.documentElement.dataset.preferences;
};

test("the keys open commands and help, though the tools come late", async () => {
  const page = await shell();
  page.answers["/places/"] = {pages: [], lists: [], instruments: [], instrument: "/i/~/", alert: "/a/~/"};
  page.press("?");
  await page.until(() => page.find("dialog[open]"));
  ok(page.text("dialog[open]").includes("Show the keys of this page"), page.text("dialog[open]"));
  page.find("dialog[open]").close();
  await page.until(() => !page.find("dialog[open]"));
  page.press("k", page.document.body, {ctrlKey: true});
  await page.until(() => page.find("dialog[open] input"));
  equal(page.requests.some(({url}) => url === page.document.documentElement.dataset.places), true);
});

test("the buttons open what they name", async () => {
  const titles = {"commands-open": "input", "help-open": ".keys", "appearance-open": "#look-theme"};
  for (const [id, inside] of Object.entries(titles)) {
    const page = await shell();
    page.click(`#${id}`);
    await page.until(() => page.find(`dialog[open] ${inside}`));
  }
});

test("the theme button switches at once, and follows other tabs", async () => {
  const page = await shell({kept: {theme: "light"}});
  equal(page.byId("theme").title, "Theme: light");
  page.click("#theme");
  equal([page.byId("theme").title, localStorage.getItem("market.theme")], ["Theme: dark", "dark"]);
  localStorage.setItem("market.density", "compact");
  await page.until(() => {
    page.hear("storage", {key: "market.density"});
    return page.document.documentElement.classList.contains("density-compact");
  });
});

test("the commands offer what the page can do, also the theme", async () => {
  const page = await shell();
  page.click("#commands-open");
  await page.until(() => page.find("dialog[open] input"));
  const input = page.find("dialog[open] input");
  const found = async (text) => {
    input.value = text;
    input.dispatchEvent(new page.window.Event("input", {bubbles: true}));
    await page.pass(0);
    return page.text("dialog[open]");
  };
  ok((await found("change the theme")).includes("Change the theme"), await found("change the theme"));
  ok((await found("appearance")).includes("Appearance: theme, contrast, colours, density"), await found("appearance"));
  await found("Change the theme");
  page.press("ArrowDown", input);
  page.press("Enter", input);
  await page.until(() => page.byId("theme").dataset.theme === "light" || !page.find("dialog[open]"));
});

test("somebody who is not signed in has no keys but that of the help's button", async () => {
  const page = await shell({change: signedOut});
  page.press("k", page.document.body, {ctrlKey: true});
  page.press("?");
  page.click("#appearance-open");
  await page.until(() => page.find("dialog[open]"));
  equal([page.all("dialog").length, page.text("dialog .dialog-note")], [1, "This browser keeps what you choose."]);
});

test("menus close on Escape", async () => {
  const page = await shell();
  page.byId("account").open = true;
  page.press("Escape");
  equal(page.byId("account").open, false);
});
