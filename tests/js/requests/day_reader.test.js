/** The day so far of several instruments, asked for in one request. */

import {DayReader} from "/static/js/requests/day_reader.js";
import {each, equal, test} from "../harness.js";

const PRICES = {day: 0, t: [1, 2], c: [10, 11]};

function answering(body, status = 200) {
  const asked = [];
  const fetch = (address) => {
    asked.push(String(address));
    return Promise.resolve(new Response(JSON.stringify(body), {status}));
  };
  return {asked, reader: new DayReader("/days", fetch)};
}

test("one request asks for all symbols, and those that may not be seen are left out", async () => {
  const {asked, reader} = answering({data: {"NVX": PRICES, "M&M": {day: 0, t: [], c: []}}, rejected: {ORB: "unknown symbol"}});
  equal(await reader.read(["NVX", "M&M", "ORB"]), new Map([["NVX", PRICES], ["M&M", {day: 0, t: [], c: []}]]));
  equal(asked, ["/days?symbols=NVX%2CM%26M%2CORB"]);
});

test("an answer without prices is an error", () =>
  each([
    [{data: []}], [{}], [null], [{data: {NVX: null}}], [{data: {NVX: {...PRICES, t: [1]}}}], [{data: {NVX: {...PRICES, c: [1, "2"]}}}],
    [{data: {NVX: PRICES}}, 429], [{data: {NVX: PRICES}}, 500],
  ], async ([body, status]) => {
    const {reader} = answering(body, status);
    const error = await reader.read(["NVX"]).catch((raised) => raised);
    equal(error instanceof Error && error.message.startsWith("sparklines: "), true);
  }));
