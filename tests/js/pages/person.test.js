/** What every page does for a person: it keeps choices on the server, adopts those of elsewhere, and hears of a sign-out. */

import {equal, ok, test} from "../harness.js";
import {opened} from "./page_frame.js";

const SCRIPT = "/static/js/pages/page_tools.js";
const URL_OF = (page) => page.document.documentElement.dataset.preferences;
const person = (options) => opened(SCRIPT, {path: "/", ...options});
const keep = (page, name, value) => page.hear("kept", {detail: {name, value}});

test("a choice is kept on the server, with the page's token", async () => {
  const page = await person();
  keep(page, "theme", "dark");
  await page.pass(0);
  equal(page.posted, [{url: URL_OF(page), name: "theme", value: "dark"}]);
  const token = page.find("input[name=csrfmiddlewaretoken]").value;
  ok(token, "the page has no token");
  equal(page.requests[0].headers["X-CSRFToken"], token);
});

test("a choice that the server refuses is told with its reason, and one that it takes is not", async () => {
  const page = await person();
  keep(page, "theme", "dark");
  await page.pass(0);
  equal(page.byId("page-note").hidden, true);
  page.answers[URL_OF(page)] = () => page.json({error: {code: 503, message: "the disk is full"}}, 503);
  keep(page, "theme", "light");
  await page.until(() => page.text("#page-note") !== null);
  equal(page.text("#page-note"), "Only this browser keeps your choice: the disk is full");
});

test("a page that is seen again shows what was chosen elsewhere, and a hidden one does not ask", async () => {
  const page = await person();
  page.answers[`${URL_OF(page)}kept/`] = {preferences: {theme: "dark"}};
  page.hide();
  await page.pass(0);
  equal(page.requests, []);
  page.hide(false);
  await page.until(() => page.document.documentElement.classList.contains("theme-dark"));
  equal([page.requests.map(({url}) => url)[0], localStorage.getItem("market.theme")], [`${URL_OF(page)}kept/`, "dark"]);
});

test("what was chosen here is sent before the server is asked", async () => {
  const page = await person();
  let answer = () => {};
  page.answers[`${URL_OF(page)}kept/`] = {preferences: {theme: "dark"}};
  page.answers[URL_OF(page)] = () => new Promise((resolve) => {
    answer = () => resolve(page.json({}));
  });
  page.answers = {[`${URL_OF(page)}kept/`]: {preferences: {theme: "dark"}}, ...page.answers};
  keep(page, "theme", "dark");
  page.hide(false);
  await page.pass(0);
  equal(page.requests.map(({method}) => method), ["POST"]);
  answer();
  await page.until(() => page.requests.length === 2);
});

test("a server that cannot be asked changes no choice", async () => {
  const page = await person({kept: {theme: "light"}});
  page.answers[`${URL_OF(page)}kept/`] = () => Promise.reject(new TypeError("no line"));
  page.hide(false);
  await page.until(() => page.requests.length === 1);
  await page.pass(0);
  equal(localStorage.getItem("market.theme"), "light");
});

test("a sign-out in another tab ends the page when it worked, and asks no sooner than that takes", async () => {
  const page = await person();
  page.answers[`${URL_OF(page)}kept/`] = () => page.json({}, 401);
  await page.signOutElsewhere();
  await page.pass(1_499);
  equal(page.requests, []);
  await page.pass(1);
  await page.until(() => page.byId("signed-out-title"));
  ok(page.text("#main").includes("in another tab of this browser"), page.text("#main"));
});

test("a sign-out that did not work ends nothing", async () => {
  const page = await person();
  page.answers[`${URL_OF(page)}kept/`] = {preferences: {}};
  await page.signOutElsewhere();
  await page.pass(1_500);
  await page.until(() => page.requests.length === 1);
  await page.pass(0);
  equal(page.byId("signed-out-title"), null);
});

test("choices that wait are sent when the page is left", async () => {
  const page = await person();
  page.answers[URL_OF(page)] = () => new Promise(() => {});
  keep(page, "theme", "dark");
  keep(page, "density", "compact");
  await page.pass(0);
  equal(page.posted.length, 1);
  page.hear("pagehide");
  await page.pass(0);
  equal(page.posted.map(({name}) => name), ["theme", "density"]);
});
