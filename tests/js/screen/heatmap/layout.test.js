/** Tiles of a heat map: they fill the area, do not overlap, have their shares, and are nearly square. */

import {tilesOf} from "/static/js/screen/heatmap/layout.js";
import {each, equal, near, ok, randomOf, test} from "../../harness.js";

const WHOLE = {x: 10, y: 20, width: 600, height: 400};
const surface = ({width, height}) => width * height;

test("the example of the paper", () => {
  const areas = tilesOf([6, 6, 4, 3, 2, 2, 1], {x: 0, y: 0, width: 6, height: 4});
  const rounded = areas.map(({x, y, width, height}) => [x, y, width, height].map((number) => Math.round(number * 100) / 100));
  equal(rounded.slice(0, 4), [[0, 0, 3, 2], [0, 2, 3, 2], [3, 0, 1.71, 2.33], [4.71, 0, 1.29, 2.33]]);
});

test("nothing has no tiles, and one has all", () => {
  equal(tilesOf([], WHOLE), []);
  equal(tilesOf([7], WHOLE), [WHOLE]);
});

test("each tile has its share, none overlaps another, and all lie inside", () =>
  each([1, 2, 3, 5, 8, 40, 150], (count) => {
    const random = randomOf(count);
    const sizes = Array.from({length: count}, () => 1 + 1_000 * random() ** 4).sort((a, b) => b - a);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const areas = tilesOf(sizes, WHOLE);
    equal(areas.length, count);
    areas.forEach((area, index) => {
      near(surface(area), (surface(WHOLE) * sizes[index]) / total, 1e-6);
      ok(area.x >= WHOLE.x - 1e-6 && area.x + area.width <= WHOLE.x + WHOLE.width + 1e-6, "outside");
      ok(area.y >= WHOLE.y - 1e-6 && area.y + area.height <= WHOLE.y + WHOLE.height + 1e-6, "outside");
      for (const other of areas.slice(0, index)) {
        const width = Math.min(area.x + area.width, other.x + other.width) - Math.max(area.x, other.x);
        const height = Math.min(area.y + area.height, other.y + other.height) - Math.max(area.y, other.y);
        ok(width < 1e-6 || height < 1e-6, "two tiles overlap");
      }
    });
  }));

test("equal tiles are nearly square", () => {
  for (const {width, height} of tilesOf(Array.from({length: 24}, () => 1), WHOLE)) {
    ok(Math.max(width / height, height / width) < 1.6, `${width} x ${height}`);
  }
});
