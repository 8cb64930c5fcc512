const pick = chance(argument);
const tabs = new Set();
const names = ["A", "B", "C", "D", "E"];
let born = 0;
const some = () => [...tabs][pick(tabs.size)];
const bear = async () => {
  born += 1;
  const fields = pick(3) ? ["p"] : null;
  const tab = await world.open(`tab ${born}`, {fields: pick(4) ? fields : ["p", "v"]});
  tabs.add(tab);
  tab.want(...names.filter(() => pick(2)), "A");
  if (pick(2)) tab.connection.subscriptions.add("trades", ["A", "B"]);
  else tab.show(...names.filter(() => pick(2)), "B");
};
const deeds = [
  () => { for (let at = 0; at < 5; at += 1) world.market.tick(names[pick(5)], {p: pick(1000), v: pick(1000)}); },
  () => world.market.tick(names[pick(5)], {p: pick(1000)}),
  () => world.market.trade(names[pick(3)], pick(1000)),
  () => world.market.status(`state ${pick(1000)}`),
  () => world.take(),
  () => world.take(),
  () => { for (const session of world.sessions) session.heartbeat(); },
  () => some().connection.setPaused("a test", true),
  () => { for (const tab of tabs) tab.connection.setPaused("a test", false); },
  () => some().connection.subscriptions.setRate([1, 5, 10][pick(3)]),
  () => { const tab = some(); const s = names[1 + pick(4)]; if (!tab.symbols.has(s)) tab.want(s); },
  () => { const tab = some(); const s = names[1 + pick(4)]; if (tab.symbols.has(s)) tab.unwant(s); },
  () => tabs.size < 6 && bear(),
  () => { const tab = some(); if (tab.tape) tab.show(...names.filter(() => !pick(3))); },
  () => { const tab = some(); if (tab.tape) tab.rest(); },
  () => { const tab = some(); const name = `${names[pick(5)]}@1m`; if (!tab.charts.has(name)) tab.chart(name); },
  () => { const tab = some(); const name = `${names[pick(5)]}@1m`; if (tab.charts.has(name)) tab.unchart(name); },
  () => { for (let at = 0; at < 4; at += 1) world.market.trade(names[pick(5)], pick(1000)); },
  () => { const tab = some(); if (tab.tape) tab.wake(); },
  () => { const tab = some(); const s = names[pick(5)]; if (tab.asked.length && !tab.asked.includes(s)) tab.showMore(s); },
  () => { if (tabs.size < 3) return; const tab = some(); tabs.delete(tab); tab.connection.close(); },
  () => { if (tabs.size < 3 || pick(2)) return; const tab = some(); tabs.delete(tab); tab.die(); },
  () => { if (!pick(3)) for (const session of [...world.sessions]) session.end(1006); },
  () => { if (!pick(8)) world.market.renew(`epoch ${world.market.seq} ${pick(1e6)}`); },
];
await bear();
for (let step = 0; step < 250; step += 1) {
  await deeds[pick(deeds.length)]();
  if (pick(2)) await world.settle(1 + pick(60));
}
for (const tab of tabs) tab.connection.setPaused("a test", false);
for (const tab of tabs) tab.wake();
for (let turn = 0; turn < 25; turn += 1) {
  await world.settle(1500);
  world.market.tick(names[turn % 5], {p: turn});
  await world.take();
}
for (const s of names) world.market.trade(s, 7);
for (const s of names) world.market.tick(s, {p: 7, v: 8});
world.market.status("the end");
await world.take();
await world.settle(1500);
const {market} = world;
for (const tab of tabs) {
  check(tab.connection.state.name === "live", () => `${tab.id} is ${tab.connection.state.name}`);
  for (const s of tab.symbols) {
    for (const key of tab.fields ?? ["p", "v"]) {
      check(tab.board.rows.get(s)?.[key] === market.at(s, market.seq).row[key], () => `in the end ${tab.id} ${s}.${key}`);
    }
    check(tab.seen.ticks.get(s) === market.at(s, market.seq).ticks, () => `in the end ${tab.id} ${s} ticks`);
  }
  check(tab.board.feeds.get("F").state === "the end", () => `in the end ${tab.id} status`);
  const ids = tab.seen.trades;
  if (tab.trades) {
    const mine = market.trades.map(({s, i}) => [s, i]).filter(([s]) => "AB".includes(s)).map(([, i]) => i);
    const expected = mine.filter((i) => i >= (ids[0] ?? Infinity));
    check(JSON.stringify(ids) === JSON.stringify(expected), () => `trades of ${tab.id}: ${ids}, not ${expected}`);
  }
  if (tab.shown.length) tab.inspectTape();
  for (const name of tab.charts) check(tab.bars.holds(name), () => `in the end ${tab.id} has no bars ${name}`);
  tab.inspectBars();
  check(tab.seen.news === 0, () => `${tab.id} took old notices for news`);
  check(tab.inbox.notices.length === 1, () => `${tab.id} has ${tab.inbox.notices.length} notices`);
}
check(world.sessions.size === 1, () => `${world.sessions.size} sessions`);
return [...tabs].map((tab) => tab.seen.failed).flat();
