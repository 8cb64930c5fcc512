/** The page of one instrument: it asks for one symbol, and asks again when that is listed. */

import {equal, test} from "../harness.js";
import {answerAll, prices, status, welcome} from "./market.js";
import {opened} from "./page_frame.js";

const SCRIPT = "/static/js/pages/instrument.js";
const asked = (page, channel) => page.taken().filter((command) => command.channel === channel);

async function shown(options) {
  const page = await opened(SCRIPT, {path: "/i/NVX/", ...options});
  page.answers["/api/v1/bars"] = {bars: []};
  await page.pass(0);
  welcome(page);
  return page;
}

test("it asks for all fields of its symbol, at the usual rate, and for its bars", async () => {
  const page = await shown();
  await page.until(() => page.commands.some(({channel}) => channel === "bars"));
  equal(page.commands[0], {method: "set", paused: false, max_rate: 10});
  equal(page.commands.find(({channel}) => channel === "ticker"), {method: "subscribe", channel: "ticker", symbols: ["NVX"]});
  equal(page.commands.find(({channel}) => channel === "bars").symbols, ["NVX@1m"]);
  equal(page.commands.some(({channel}) => channel === "watchlist"), false);
});

test("an instrument that was not listed is asked for once it is", async () => {
  const page = await shown({kept: {trades: "open"}});
  await page.until(() => page.commands.some(({channel}) => channel === "trades"));
  answerAll(page, ["NVX"]);
  page.say(status([], {seq: 1}));
  page.taken();
  page.say(status(["ORB"], {seq: 2}));
  equal([asked(page, "ticker")], [[]]);
  page.say(status(["ORB", "NVX"], {seq: 3}));
  const commands = page.taken();
  const of = (channel) => commands.filter((command) => command.channel === channel).map(({method, symbols}) => [method, symbols]);
  equal([of("ticker"), of("trades")], [[["subscribe", ["NVX"]]], [["subscribe", ["NVX"]]]]);
  page.say(status(["ORB", "NVX"], {seq: 4}));
  equal(asked(page, "ticker"), []);
});

test("an instrument that is listed from the start is asked for once", async () => {
  const page = await shown();
  answerAll(page);
  page.taken();
  page.say(status(["NVX"], {seq: 1}), status(["NVX"], {seq: 2}));
  equal(asked(page, "ticker"), []);
});

test("the key of the trades opens and closes them", async () => {
  const page = await shown();
  await page.load("/static/js/pages/shell.js");
  page.press("t");
  equal(page.byId("trades").open, true);
  page.press("t");
  equal(page.byId("trades").open, false);
});

test("the prices of the page are those of its instrument", async () => {
  const page = await shown();
  await page.until(() => page.commands.some(({channel}) => channel === "bars"));
  answerAll(page);
  page.say(status(["NVX"], {seq: 1}), prices({NVX: {p: 11.25}}));
  await page.pass(1_000);
  equal(page.text("#instrument [data-figure=last]"), "11.25");
});
