/** The flight deck: live figures, forms that are sent without leaving the page, and the log of actions. */

import {equal, ok, test} from "../harness.js";
import {opened} from "./page_frame.js";

const SCRIPT = "/static/js/pages/deck.js";
const ENTRY = {texts: ["12:00", "admin", "paused", "lunch"], undo: "/admin/undo/1/"};
const PERSON = {id: "c1", user: "viewer", user_id: 2, transport: "websocket", pace: 10, reason: "", behind: 0, symbols: 3, since: 0};
const PROCESS = {process: "p1", readers: {}, frames: 0, updates: 0, bytes: 0, conflation: null, lag_ms: null, stale: null, cuts: 0, refused: 0, overruns: 0};

async function deck(log = {entries: [], trouble: ""}) {
  const page = await opened(SCRIPT, {path: "/admin/flightdeck/"});
  page.answers[page.byId("entries").dataset.address] = () => page.json(log);
  page.log = log;
  return page;
}

const looks = (page) => page.requests.filter(({url}) => url === page.byId("entries").dataset.address).length;
const formOf = (page) => page.find("form[data-part=form]:not(#disconnect, #undo)");

test("figures are shown as they come, and the page says whether it is live", async () => {
  const page = await deck();
  equal(new URL(page.socket.url).pathname, "/ws/v1/");
  page.say({channel: "deck", feeds: [], process: PROCESS, people: [PERSON], connections: 3});
  equal([page.byId("deck").dataset.state, page.text("#deck > .line [data-part=state]"), page.text("#process [data-part=connections]")], ["open", "Live", "3"]);
  page.end(1006);
  equal(page.byId("deck").dataset.state, "closed");
  ok(page.text("#deck > .line [data-part=state]").startsWith("Not live:"), page.text("#deck > .line"));
});

test("a sign-out takes the deck away", async () => {
  const page = await deck();
  page.end(4401);
  ok(page.byId("signed-out-title"), "the deck is still there");
});

test("the log is read every ten seconds, and not by a hidden page", async () => {
  const page = await deck({entries: [ENTRY], trouble: ""});
  await page.pass(9_999);
  equal(looks(page), 0);
  await page.pass(1);
  equal(looks(page), 1);
  await page.until(() => page.all("#entries tr").length === 1);
  equal(page.all("#entries td").map(({textContent}) => textContent), ["12:00", "admin", "paused", "lunch", "Undo"]);
  page.hide();
  await page.pass(10_000);
  equal(looks(page), 1);
  page.hide(false);
  await page.pass(10_000);
  equal(looks(page), 2);
});

test("an answer that is no log changes nothing", async () => {
  const page = await deck({entries: [ENTRY], trouble: ""});
  await page.pass(10_000);
  await page.until(() => page.all("#entries tr").length === 1);
  for (const junk of [{entries: [{texts: [1], undo: ""}]}, {entries: [{texts: [], undo: null}]}, {entries: {}}, [], {entries: [null]}]) {
    page.answers[page.byId("entries").dataset.address] = () => page.json(junk);
    await page.pass(10_000);
    await page.pass(0);
  }
  await page.until(() => looks(page) === 6);
  await new Promise((resolve) => setTimeout(resolve, 20));
  equal(page.all("#entries tr").length, 1);
});

test("trouble with the database is shown as long as there is some", async () => {
  const page = await deck({entries: [], trouble: "The disk is full."});
  await page.pass(10_000);
  await page.until(() => page.text("#database-trouble") === "The disk is full.");
  page.answers[page.byId("entries").dataset.address] = () => page.json({entries: []});
  await page.pass(10_000);
  page.answers[page.byId("entries").dataset.address] = () => page.json({entries: [], trouble: ""});
  equal(page.text("#database-trouble"), "The disk is full.", "an answer without a word on it changes nothing");
  await page.pass(10_000);
  await page.until(() => page.text("#database-trouble") === null);
});

test("a log that cannot be read is read the next time", async () => {
  const page = await deck();
  page.answers[page.byId("entries").dataset.address] = () => Promise.reject(new TypeError("no line"));
  await page.pass(10_000);
  page.answers[page.byId("entries").dataset.address] = () => page.json({entries: [ENTRY], trouble: ""});
  await page.pass(10_000);
  await page.until(() => page.all("#entries tr").length === 1);
});

test("a form is sent once, its answer stands beside it, and the log is read at once", async () => {
  const page = await deck();
  const form = formOf(page);
  let answer = () => {};
  page.answers[new URL(form.action).origin] = () => new Promise((resolve) => {
    answer = () => resolve(page.json({message: "Rate is 7."}));
  });
  form.querySelector("[name=rate]").value = "7";
  form.requestSubmit();
  await page.pass(0);
  form.requestSubmit();
  await page.pass(0);
  equal([page.posted.length, page.posted[0].rate, form.ariaBusy, looks(page)], [1, "7", "true", 0]);
  equal(page.requests.find(({method}) => method === "POST").headers["X-CSRFToken"], form.querySelector("[name=csrfmiddlewaretoken]").value);
  answer();
  await page.until(() => looks(page) === 1);
  const output = form.querySelector("[data-part=answer]");
  equal([output.textContent, output.dataset.is, form.ariaBusy], ["Rate is 7.", "done", "false"]);
});

test("a button with an address of its own sends the form there", async () => {
  const page = await deck();
  const form = formOf(page);
  const button = form.querySelector("button[formaction]:not([hidden])");
  page.answers["/"] = () => page.json({error: {code: 403, message: "You may not."}}, 403);
  button.click();
  await page.pass(0);
  equal(page.posted[0].url, button.getAttribute("formaction"));
  await page.until(() => form.querySelector("[data-part=answer]").textContent === "You may not.");
  equal(form.querySelector("[data-part=answer]").dataset.is, "refused");
});

test("a person is disconnected with the reason that is written, and the fields are empty again", async () => {
  const page = await deck();
  page.say({channel: "deck", feeds: [], process: PROCESS, people: [PERSON], connections: 1});
  const form = page.byId("disconnect");
  form.querySelector("[name=reason]").value = "too many";
  const [here, everywhere] = page.all("#people button");
  here.click();
  await page.pass(0);
  const sent = () => page.posted.map(({user, connection, reason}) => ({user, connection, reason}));
  equal(sent(), [{user: "2", connection: "c1", reason: "too many"}]);
  equal(["user", "connection"].map((name) => form.querySelector(`[name=${name}]`).value), ["", ""]);
  await page.until(() => form.ariaBusy === "false");
  everywhere.click();
  await page.pass(0);
  equal(sent()[1], {user: "2", connection: "", reason: "too many"});
});

test("nobody is disconnected without a reason", async () => {
  const page = await deck();
  page.say({channel: "deck", feeds: [], process: PROCESS, people: [PERSON], connections: 1});
  page.click("#people button");
  await page.pass(0);
  equal(page.posted, []);
});
