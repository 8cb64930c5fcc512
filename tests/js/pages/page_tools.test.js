/** What every page has: dialogs, and the offer of a newer version. */

import {equal, test} from "../harness.js";
import {opened} from "./page_frame.js";

const tools = (options) => opened("/static/js/pages/page_tools.js", options);
const versionOf = (page) => page.document.documentElement.dataset.version;
const looks = (page) => page.requests.filter(({url}) => url === versionOf(page)).length;
const isOffered = (page) => !page.byId("new-version").hidden;

test("an open page asks every five minutes whether there is a newer version", async () => {
  const page = await tools();
  await page.pass(299_999);
  equal(looks(page), 0);
  await page.pass(1);
  await page.pass(3_000);
  equal(looks(page), 1);
  await page.pass(300_000);
  await page.pass(3_000);
  equal(looks(page), 2);
});

test("a page that comes back asks soon, and one that goes does not", async () => {
  const page = await tools();
  page.hide();
  await page.pass(3_000);
  equal(looks(page), 0);
  page.hide(false);
  await page.pass(3_000);
  equal(looks(page), 1);
  page.hear("reconnected");
  await page.pass(3_000);
  equal(looks(page), 2);
});

test("a newer version is offered, and the same one is not", async () => {
  const page = await tools();
  page.answers[versionOf(page)] = {build: page.document.documentElement.dataset.build};
  page.hear("reconnected");
  await page.pass(3_000);
  await page.until(() => looks(page) === 1);
  equal(isOffered(page), false);
  page.answers[versionOf(page)] = {build: "another"};
  page.hear("reconnected");
  await page.pass(3_000);
  await page.until(() => isOffered(page));
});

test("the choices of somebody who is not signed in stay in the browser", async () => {
  const page = await tools({change: ({document}) => {
    delete document.documentElement.dataset.places;
    delete document.documentElement.dataset.preferences;
  }});
  page.hear("kept", {detail: {name: "theme", value: "dark"}});
  await page.pass(0);
  equal(page.posted, []);
});
