/** A small market, as its server tells pages of it. */

import {opened} from "./page_frame.js";

export const EPOCH = "e1";
const NAMES = {NVX: "Novexa", ORB: "Orbit Foods", QAL: "Qualis"};
const SECTORS = {NVX: "Technology", ORB: "Food", QAL: "Technology"};
export const FEED = {
  feed: "demo", name: "Demo feed", state: "RUNNING", rate: 120, reason: "", t: 1_000, exchange: "XDEM", zone: "Asia/Tokyo",
  day: 20_000, ph: "OPEN", clock: 1_000, scale: 1,
};

/** Return an instrument as a status frame has it. */
export function instrument(s, more = {}) {
  return {s, name: NAMES[s] ?? s, sector: SECTORS[s] ?? "", feed: "demo", d: 2, tick: 0.01, ph: "OPEN", reason: "", t: 1_000, ...more};
}

/** Return a frame of all that trades. */
export function status(symbols, {seq = 1, feeds = [FEED], ts = Date.now()} = {}) {
  return {channel: "status", type: "snapshot", epoch: EPOCH, seq, ts, data: [...feeds, ...symbols.map((each) => (typeof each === "string" ? instrument(each) : each))]};
}

/** Return a frame of all prices, by symbol. */
export function prices(rows, {seq = 1, ts = Date.now(), epoch = EPOCH} = {}) {
  const data = Object.fromEntries(Object.entries(rows).map(([symbol, row]) => [symbol, {ms: 0, pc: 10, v: 100, ...row}]));
  return {channel: "ticker", type: "snapshot", epoch, seq, ts, data};
}

/** Return a frame of changed prices. */
export function update(rows, {from, seq, ts = Date.now()}) {
  return {channel: "ticker", type: "update", from, seq, ts, data: rows};
}

/** Return a frame of the person's lists. */
export function lists(...all) {
  const named = all.map(({id = 1, name = "My list", symbols = [], sections = []}) => ({id, name, symbols, sections, share: ""}));
  return {channel: "watchlist", type: "snapshot", data: named[0]?.symbols ?? [], version: "1", lists: named};
}

/** Answer all commands of a page that ask for an answer; symbols in `rejected` are not known. */
export function answerAll(page, rejected = []) {
  for (const {method, params, id} of page.socket.sent) {
    if (id === undefined || page.answered.has(id)) continue;
    page.answered.add(id);
    const refused = (params.symbols ?? []).filter((symbol) => rejected.includes(symbol));
    page.say({method, id, success: true, result: {channel: params.channel, rejected: Object.fromEntries(refused.map((symbol) => [symbol, "unknown"]))}});
  }
}

/** Let the server take a connection. Its heartbeats are so rare that a test may leave them out. */
export function welcome(page) {
  page.answered = new Set();
  page.socket.readyState = 1;
  page.say({channel: "status", type: "welcome", version: 1, server_time: page.window.Date.now(), epoch: EPOCH, heartbeat_ms: 600_000});
}

/** Let the server have drawn lines of these symbols. */
function drawLines(page, symbols) {
  const template = page.find("#watchlist > template");
  const lines = symbols.map((symbol) => {
    const line = template.content.firstElementChild.cloneNode(true);
    line.dataset.symbol = line.querySelector(".symbol").textContent = symbol;
    return line;
  });
  page.find("#watchlist tbody").replaceChildren(...lines);
}

/**
 * Open a page of the market, connected, with a market of three instruments, and the prices and the list of a person.
 * @param {string} script
 * @param {object} [options] as of `opened`; `rows`: the prices by symbol; `symbols` of the list
 */
export async function live(script, {change = () => {}, rows = {NVX: {p: 11}, ORB: {p: 9}, QAL: {p: 10}}, symbols = ["NVX", "ORB"], sections = [], listed = ["NVX", "ORB", "QAL"], ...options} = {}) {
  const page = await opened(script, {...options, change: (each) => {
    drawLines(each, symbols);
    change(each);
  }});
  await page.pass(0);
  welcome(page);
  answerAll(page);
  page.say(status(listed, {ts: page.window.Date.now()}));
  const id = Number(page.document.body.dataset.listId ?? 1);
  page.say(lists({id, name: "My list", symbols, sections}));
  answerAll(page);
  page.say(prices(rows, {ts: page.window.Date.now()}));
  await page.pass(0);
  return page;
}
