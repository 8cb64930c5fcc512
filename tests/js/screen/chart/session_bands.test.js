/** The bands behind the bars: every second day is shaded, and each day but the first begins with a line. */

import {SessionBands} from "/static/js/screen/chart/session_bands.js";
import {equal, test} from "../../harness.js";

/** Draw with a library that puts bars 10 px apart, the first at 5 px. */
function drawn(spans, ratio = 1, place = (index) => 5 + 10 * index) {
  const bands = new SessionBands({logicalToCoordinate: place});
  bands.show(spans);
  bands.paintWith({fill: "shade", stroke: "line"});
  const rects = [];
  const context = {fillStyle: "", fillRect: (...at) => rects.push([context.fillStyle, ...at])};
  const target = {useBitmapCoordinateSpace: (draw) => draw({context, bitmapSize: {width: 400, height: 300}, horizontalPixelRatio: ratio})};
  const [view] = bands.paneViews();
  view.renderer().draw(target);
  return {rects, view, bands};
}

test("the second of three days is shaded from half a bar before it to half a bar after", () => {
  const {rects} = drawn([{from: 0, to: 1}, {from: 2, to: 4}, {from: 5, to: 5}]);
  equal(rects, [["shade", 20, 0, 30, 300], ["line", 20, 0, 1, 300], ["line", 50, 0, 1, 300]]);
});

test("a fine screen has more pixels, and its lines as many whole ones", () => {
  const {rects} = drawn([{from: 0, to: 1}, {from: 2, to: 4}], 2.5);
  equal(rects, [["shade", 50, 0, 75, 300], ["line", 50, 0, 2, 300]]);
  equal(drawn([{from: 2, to: 3}], 0.5).rects, [["line", 10, 0, 1, 300]]);
});

test("bars that the library does not place are at the edge", () => {
  equal(drawn([{from: 1, to: 2}], 1, () => null).rects, [["line", 0, 0, 1, 300]]);
});

test("the bands lie behind everything", () => {
  const {view, bands} = drawn([]);
  equal([view.zOrder(), bands.paneViews().length], ["bottom", 1]);
});
