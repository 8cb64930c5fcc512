/** The lists that the market makes, from a board to symbols. */

import {isMarketList, isMovers, marketSymbols} from "/static/js/market/market_lists.js";
import {equal, test} from "../harness.js";

const row = (p, pc, v) => ({p, pc, v});
const BOARD = {
  rows: new Map([
    ["UP", row(11, 10, 5)], ["TOP", row(30, 20, 1)], ["EVEN", row(10, 10, 9)], ["DOWN", row(8, 10, 0)],
    ["NEW", row(5, null, null)], ["NONE", row(null, 10, 3)], ["LOW", row(1, 2, 3)],
  ]),
  instruments: new Map([["UP", {s: "UP", sector: "Oil"}], ["DOWN", {s: "DOWN", sector: "Oil"}], ["ALSO", {s: "ALSO", sector: "Gas"}], ["BARE", {s: "BARE", sector: ""}]]),
};

test("movers are those above nothing, the highest first and equal ones by name", () => {
  equal(["gainers", "losers", "active"].map((key) => marketSymbols(key, BOARD).join(" ")), ["TOP UP", "LOW DOWN", "EVEN UP LOW NONE TOP"]);
});

test("the whole market and a sector are listed by symbol", () => {
  equal(["all", "sector:Oil", "sector:oil", "sector:"].map((key) => marketSymbols(key, BOARD).join(" ")), ["ALSO BARE DOWN UP", "DOWN UP", "", ""]);
});

test("a list of movers holds thirty", () => {
  const rows = new Map([...Array(40).keys()].map((number) => [`S${String(number).padStart(2, "0")}`, row(20 + number, 10, 1)]));
  const gainers = marketSymbols("gainers", {rows, instruments: new Map()});
  equal([gainers.length, gainers[0], gainers.at(-1)], [30, "S39", "S10"]);
});

test("a key is a list of the market, of movers, or neither", () => {
  const keys = ["all", "gainers", "losers", "active", "sector:Oil", "7", "", "toString", "All"];
  equal(keys.map(isMarketList), [true, true, true, true, true, false, false, false, false]);
  equal(keys.map(isMovers), [false, true, true, true, false, false, false, false, false]);
});
