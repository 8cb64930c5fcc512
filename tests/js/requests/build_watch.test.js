/** A page asks for the server's build after it was away, and offers a reload once when that is another one. */

import {BuildWatch, SPREAD_MS} from "/static/js/requests/build_watch.js";
import {ManualClock, equal, ok, settled, test} from "../harness.js";

function watching(answers) {
  const clock = new ManualClock();
  const seen = {asked: 0, offers: 0};
  const fetch = async () => {
    const answer = answers[Math.min(seen.asked, answers.length - 1)];
    seen.asked += 1;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const watch = new BuildWatch({url: "/version/", build: "a", onchange: () => (seen.offers += 1), fetch, timers: clock});
  return {clock, seen, watch};
}

const says = (build) => ({ok: true, json: async () => ({build})});

test("the same build is no offer", async () => {
  const {seen, watch} = watching([says("a")]);
  await watch.look();
  equal(seen, {asked: 1, offers: 0});
});

test("another build is one offer, and is asked for no more", async () => {
  const {seen, watch} = watching([says("a"), says("b"), says("c")]);
  for (let times = 0; times < 5; times += 1) await watch.look();
  equal(seen, {asked: 2, offers: 1});
});

const BUILDLESS = [
  new TypeError("failed to fetch"),
  {ok: false, json: async () => ({build: "b"})},
  {ok: true, json: async () => ({})},
  {ok: true, json: async () => ({build: 7})},
  {ok: true, json: async () => null},
  {ok: true, json: async () => { throw new SyntaxError("no JSON"); }},
];

test("an answer that says no build is no offer", async () => {
  for (const answer of BUILDLESS) {
    const {seen, watch} = watching([answer, says("b")]);
    await watch.look();
    equal(seen, {asked: 1, offers: 0});
    await watch.look();
    equal(seen, {asked: 2, offers: 1});
  }
});

test("many reasons to ask are one question, at some time within the spread", async () => {
  const {clock, seen, watch} = watching([says("a")]);
  for (let times = 0; times < 5; times += 1) watch.lookSoon();
  equal(seen.asked, 0);
  clock.advance(SPREAD_MS);
  await settled(5);
  equal(seen.asked, 1);
  watch.lookSoon();
  clock.advance(SPREAD_MS);
  await settled(5);
  ok(seen.asked === 2, "the next reason is a new question");
});
