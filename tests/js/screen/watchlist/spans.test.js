/** Which lines of a long list have elements. */

import {holds, runsOf, spanOf} from "/static/js/screen/watchlist/spans.js";
import {each, equal, randomOf, test} from "../../harness.js";

const facts = (more) => ({count: 1000, height: 20, above: 0, view: 400, spare: 5, ...more});
const words = (runs) => runs.map(({first, end, isEmpty}) => `${isEmpty ? "space" : "lines"} ${first}-${end}`).join(", ");

test("a span is what is in view, and some lines beside it", () =>
  each([
    [{}, [0, 25]],
    [{above: 10}, [0, 26]],
    [{above: 2000}, [95, 125]],
    [{above: 2010}, [95, 126]],
    [{above: 19_600}, [975, 1000]],
    [{above: -300}, [0, 10]],
    [{above: -5000}, [0, 0]],
    [{above: 90_000}, [1000, 1000]],
    [{count: 3}, [0, 3]],
    [{count: 0}, [0, 0]],
    [{height: 36.5, above: 3650, view: 365, spare: 0}, [100, 110]],
    [{height: 0}, [0, 10]],
    [{height: NaN, count: 4}, [0, 4]],
  ], ([more, [first, end]]) => equal(spanOf(facts(more)), {first, end})));

test("a span holds another that ends in it", () => {
  const span = {first: 10, end: 20};
  equal([[10, 20], [11, 19], [9, 20], [10, 21]].map(([first, end]) => holds(span, {first, end})), [true, true, false, false]);
});

test("runs name every line once, in order", () =>
  each([
    [100, [10, 20], [], "space 0-10, lines 10-20, space 20-100"],
    [100, [0, 20], [], "lines 0-20, space 20-100"],
    [100, [80, 100], [], "space 0-80, lines 80-100"],
    [100, [10, 20], [5], "space 0-5, lines 5-6, space 6-10, lines 10-20, space 20-100"],
    [100, [10, 20], [99], "space 0-10, lines 10-20, space 20-99, lines 99-100"],
    [100, [10, 20], [15], "space 0-10, lines 10-20, space 20-100"],
    [100, [10, 20], [9], "space 0-9, lines 9-10, lines 10-20, space 20-100"],
    [100, [10, 20], [20, 20, 0], "lines 0-1, space 1-10, lines 10-20, lines 20-21, space 21-100"],
    [100, [10, 20], [-1, 100], "space 0-10, lines 10-20, space 20-100"],
    [3, [0, 3], [], "lines 0-3"],
    [0, [0, 0], [0], ""],
  ], ([count, [first, end], held, expected]) => equal(words(runsOf(count, {first, end}, held)), expected)));

test("whatever is held, the runs are the list", () => {
  const random = randomOf(7);
  const upTo = (most) => Math.floor(random() * (most + 1));
  for (let round = 0; round < 300; round += 1) {
    const count = upTo(60);
    const first = upTo(count);
    const span = {first, end: first + upTo(count - first)};
    const held = Array.from({length: upTo(3)}, () => upTo(70) - 5);
    const runs = runsOf(count, span, held);
    const has = (place) => runs.some((run) => !run.isEmpty && run.first <= place && place < run.end);
    equal(runs.flatMap((run) => Array.from({length: run.end - run.first}, (_, step) => run.first + step)),
      Array.from({length: count}, (_, place) => place));
    for (let place = 0; place < count; place += 1) {
      equal(has(place), (span.first <= place && place < span.end) || held.includes(place), `round ${round}, line ${place}`);
    }
  }
});
