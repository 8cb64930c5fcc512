/** Older bars come from the server's REST, or not at all. */

import {BarHistory} from "/static/js/requests/bar_history.js";
import {equal, test} from "../harness.js";

const BAR = {t: 60_000, o: 1, h: 2, l: 1, c: 2, v: 3, n: 1};
const REQUEST = {symbol: "A&B", interval: "1m", to_ms: 120_000, limit: 5};
const answering = (status, body) => {
  const asked = [];
  const fetch = (url) => {
    asked.push(url);
    return Promise.resolve({status, ok: status === 200, json: () => Promise.resolve(body)});
  };
  return {history: new BarHistory("/bars", fetch), asked};
};
const failureOf = (promise) => promise.then(() => "", (error) => error.message);

test("the bars before a time are asked for, and carry their symbol", async () => {
  const {history, asked} = answering(200, {data: [BAR]});
  equal(await history.read(REQUEST), [{s: "A&B", iv: "1m", closed: true, ...BAR}]);
  equal(asked, ["/bars?symbol=A%26B&interval=1m&limit=5&corrections=1&to=120000"]);
});

test("without any bar on the wire the newest are asked for", async () => {
  const {history, asked} = answering(200, {data: []});
  equal(await history.read({...REQUEST, to_ms: null}), []);
  equal(asked, ["/bars?symbol=A%26B&interval=1m&limit=5&corrections=1"]);
});

test("an instrument that is not seen has no bars", async () => {
  equal(await answering(404, {}).history.read(REQUEST), []);
});

test("everything else is a failure, to be tried again", async () => {
  equal(await failureOf(answering(503, {}).history.read(REQUEST)), "bars: HTTP 503");
  for (const body of [{}, null, {data: [{...BAR, c: "2"}]}, {data: [null]}]) {
    equal(await failureOf(answering(200, body).history.read(REQUEST)), "bars: not what was asked for");
  }
});
