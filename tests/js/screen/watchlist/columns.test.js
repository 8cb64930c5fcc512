/** The columns of the watchlist: text, value, and the direction that a row shows. */

import {COLUMNS, changeOf, columnsOf, directionOf, percentOf} from "/static/js/screen/watchlist/columns.js";
import {SHOWN_FIELDS} from "/static/js/wire/frames.js";
import {each, equal, test} from "../../harness.js";

const ROW = {p: 101.25, b: 101.2, a: 101.3, h: 102, l: 99, pc: 100, v: 12_340};

test("each column has the text and the value of its field", () => {
  const written = COLUMNS.filter(({isDrawn}) => !isDrawn);
  equal(written.map(({key, text, value, isFlashing}) => [key, text(ROW, 2), value(ROW), isFlashing]), [
    ["last", "101.25", 101.25, true], ["change", "+1.25", 1.25, false], ["change_percent", "+1.25%", 1.25, false],
    ["bid", "101.20", 101.2, true], ["ask", "101.30", 101.3, true], ["volume", "12.34K", 12_340, false],
    ["high", "102.00", 102, true], ["low", "99.00", 99, true],
  ]);
});

test("without both prices there is no change", () =>
  each([{p: null}, {pc: null}], (missing) => {
    equal([changeOf({...ROW, ...missing}), percentOf({...ROW, ...missing})], [null, null]);
  }));

test("a previous close of 0 has no percentage", () => {
  equal([percentOf({...ROW, pc: 0}), changeOf({...ROW, pc: 0})], [null, 101.25]);
});

test("a direction is that of the change as it is shown", () =>
  each([[101, 2, "up"], [99, 2, "down"], [100, 2, "flat"], [100.004, 2, "flat"], [100.004, 3, "up"], [99.996, 2, "flat"]], ([p, digits, expected]) => {
    equal(directionOf({...ROW, p}, digits), expected);
  }));

test("a row that is not known has no direction", () => {
  equal([directionOf(undefined, 2), directionOf({...ROW, p: null}, 2)], ["flat", "flat"]);
});

test("every column has its field on the wire", () => {
  equal(["p", "b", "a", "h", "l", "pc", "v"].every((field) => SHOWN_FIELDS.includes(field)), true);
});

test("columns are shown as they were chosen, each once, and the usual ones without a choice", () =>
  each([
    [["bid", "last"], ["bid", "last"]],
    [["day", "nonsense", "day", "ask"], ["day", "ask"]],
    [[], COLUMNS.map(({key}) => key)],
    [["nonsense"], COLUMNS.map(({key}) => key)],
  ], ([keys, expected]) => equal(columnsOf(keys), expected)));
