/** A book comes from the server's REST, or not at all. */

import {BookReader} from "/static/js/transports/book_reader.js";
import {equal, test} from "../harness.js";

const answering = (status, body) => new BookReader("/quotes", () =>
  Promise.resolve({status, ok: status === 200, json: () => Promise.resolve(body)}));
const failureOf = (promise) => promise.then(() => "", (error) => error.message);

test("the levels of both sides are read, the best first", async () => {
  const book = {bids: [[10, 5], [9, 1]], asks: []};
  equal(await answering(200, {data: {NVX: {p: 10, ...book}}}).read("NVX"), book);
});

test("an instrument that is not seen has no book", async () => {
  equal(await answering(200, {data: {}, rejected: {NVX: "unknown symbol"}}).read("NVX"), null);
});

test("everything else is a failure, to be tried again", async () => {
  equal(await failureOf(answering(429, {}).read("NVX")), "quotes: HTTP 429");
  for (const quote of [{}, {bids: [[1]], asks: []}, {bids: [], asks: [["1", 2]]}]) {
    equal(await failureOf(answering(200, {data: {NVX: quote}}).read("NVX")), "quotes: no book");
  }
  equal(await failureOf(answering(200, null).read("NVX")), "quotes: not what was asked for");
});
