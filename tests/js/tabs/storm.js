/** Tabs that are opened, closed, killed, paused and cut at random, and what must be true of them in the end. */

import {equal, ok as check, randomOf} from "../harness.js";
import {TabWorld} from "./world.js";

const NAMES = ["A", "B", "C", "D", "E"];
const STEPS = 250;

/**
 * Let a storm pass over one browser. It throws where a tab shows something else than the market.
 * @param {number} seed
 */
export async function storm(seed) {
  const random = randomOf(seed);
  const scene = {world: new TabWorld(), tabs: new Set(), pick: (n) => Math.floor(random() * n), born: 0};
  const deeds = deedsOf(scene);
  await openTab(scene);
  for (let step = 0; step < STEPS; step += 1) {
    await deeds[scene.pick(deeds.length)]();
    if (scene.pick(2)) await scene.world.settle(1 + scene.pick(60));
  }
  await calm(scene);
  for (const tab of scene.tabs) inspect(tab, scene.world.market);
  check(scene.world.sessions.size === 1, () => `${scene.world.sessions.size} sessions`);
  equal([...scene.tabs].map((tab) => tab.seen.failed).flat(), [], "refusals");
}

async function openTab(scene) {
  const {world, tabs, pick} = scene;
  scene.born += 1;
  const fields = pick(3) ? ["p"] : null;
  const tab = await world.open(`tab ${scene.born}`, {fields: pick(4) ? fields : ["p", "v"]});
  tabs.add(tab);
  tab.want(...NAMES.filter(() => pick(2)), "A");
  if (pick(2)) tab.connection.subscriptions.add("trades", ["A", "B"]);
  else tab.show(...NAMES.filter(() => pick(2)), "B");
}

/** What may happen in a storm; each is as likely as the others. */
function deedsOf(scene) {
  return [...marketDeeds(scene), ...tabDeeds(scene), ...faults(scene)];
}

function marketDeeds({world, pick}) {
  return [
    () => { for (let at = 0; at < 5; at += 1) world.market.tick(NAMES[pick(5)], {p: pick(1000), v: pick(1000)}); },
    () => world.market.tick(NAMES[pick(5)], {p: pick(1000)}),
    () => world.market.trade(NAMES[pick(3)], pick(1000)),
    () => { for (let at = 0; at < 4; at += 1) world.market.trade(NAMES[pick(5)], pick(1000)); },
    () => world.market.status(`state ${pick(1000)}`),
    () => world.take(),
    () => world.take(),
    () => { for (const session of world.sessions) session.heartbeat(); },
  ];
}

function tabDeeds(scene) {
  const {tabs, pick} = scene;
  const some = () => [...tabs][pick(tabs.size)];
  return [
    () => some().connection.setPaused("a test", true),
    () => { for (const tab of tabs) tab.connection.setPaused("a test", false); },
    () => some().connection.subscriptions.setRate([1, 5, 10][pick(3)]),
    () => { const tab = some(); const s = NAMES[1 + pick(4)]; if (!tab.symbols.has(s)) tab.want(s); },
    () => { const tab = some(); const s = NAMES[1 + pick(4)]; if (tab.symbols.has(s)) tab.unwant(s); },
    () => tabs.size < 6 && openTab(scene),
    () => { const tab = some(); if (tab.tape) tab.show(...NAMES.filter(() => !pick(3))); },
    () => { const tab = some(); if (tab.tape) tab.rest(); },
    () => { const tab = some(); if (tab.tape) tab.wake(); },
    () => { const tab = some(); const s = NAMES[pick(5)]; if (tab.asked.length && !tab.asked.includes(s)) tab.showMore(s); },
    () => { const tab = some(); const name = `${NAMES[pick(5)]}@1m`; if (!tab.charts.has(name)) tab.chart(name); },
    () => { const tab = some(); const name = `${NAMES[pick(5)]}@1m`; if (tab.charts.has(name)) tab.unchart(name); },
  ];
}

function faults({world, tabs, pick}) {
  const some = () => [...tabs][pick(tabs.size)];
  return [
    () => { if (tabs.size < 3) return; const tab = some(); tabs.delete(tab); tab.connection.close(); },
    () => { if (tabs.size < 3 || pick(2)) return; const tab = some(); tabs.delete(tab); tab.die(); },
    () => { if (!pick(3)) for (const session of [...world.sessions]) session.end(1006); },
    () => { if (!pick(8)) world.market.renew(`epoch ${world.market.seq} ${pick(1e6)}`); },
  ];
}

/** End all pauses, wait until every tab is back, and let the market say something last. */
async function calm({world, tabs}) {
  for (const tab of tabs) tab.connection.setPaused("a test", false);
  for (const tab of tabs) tab.wake();
  for (let turn = 0; turn < 25; turn += 1) {
    await world.settle(1500);
    world.market.tick(NAMES[turn % 5], {p: turn});
    await world.take();
  }
  for (const s of NAMES) world.market.trade(s, 7);
  for (const s of NAMES) world.market.tick(s, {p: 7, v: 8});
  world.market.status("the end");
  await world.take();
  await world.settle(1500);
}

function inspect(tab, market) {
  const {name} = tab.connection.state;
  check(name === "live", () => `${tab.id} is ${name}`);
  inspectPrices(tab, market);
  check(tab.board.feeds.get("F").state === "the end", () => `in the end ${tab.id} status`);
  if (tab.trades) inspectTrades(tab, market);
  if (tab.shown.length) tab.inspectTape();
  for (const chart of tab.charts) check(tab.bars.holds(chart), () => `in the end ${tab.id} has no bars ${chart}`);
  tab.inspectBars();
  check(tab.seen.news === 0, () => `${tab.id} took old notices for news`);
  check(tab.inbox.notices.length === 1, () => `${tab.id} has ${tab.inbox.notices.length} notices`);
}

function inspectPrices(tab, market) {
  for (const s of tab.symbols) {
    const {row, ticks} = market.at(s, market.seq);
    for (const key of tab.fields ?? ["p", "v"]) {
      check(tab.board.rows.get(s)?.[key] === row[key], () => `in the end ${tab.id} ${s}.${key}`);
    }
    check(tab.seen.ticks.get(s) === ticks, () => `in the end ${tab.id} ${s} ticks`);
  }
}

/** From the first trade that a tab saw, it saw all of its symbols. */
function inspectTrades(tab, market) {
  const ids = tab.seen.trades;
  const mine = market.trades.filter(({s}) => "AB".includes(s)).map(({i}) => i);
  equal(ids, mine.filter((i) => i >= (ids[0] ?? Infinity)), `trades of ${tab.id}`);
}
