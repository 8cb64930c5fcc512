/** The lines of alerts come from the server, or not at all. */

import {AlertReader} from "/static/js/requests/alert_reader.js";
import {equal, test} from "../harness.js";

const failureOf = (promise) => promise.then(() => "", (error) => error.message);
const LINE = {alert: 7, index: 0, kind: "above", price: 10.5};

function answering(status, body) {
  const asked = [];
  const reader = new AlertReader("/alerts/lines/", (url) => {
    asked.push(url);
    return Promise.resolve(new Response(JSON.stringify(body), {status}));
  });
  return {reader, asked};
}

test("lines are read for a symbol, however it is written", async () => {
  const {reader, asked} = answering(200, {data: [LINE]});
  equal(await reader.read("M&M"), [LINE]);
  equal(asked, ["/alerts/lines/?symbol=M%26M"]);
});

test("what is no list of lines is a failure", async () => {
  for (const body of [{}, {data: {}}, {data: [{...LINE, price: "10"}]}, {data: [{...LINE, alert: null}]}, {data: [{...LINE, kind: 1}]}]) {
    equal(await failureOf(answering(200, body).reader.read("NVX")), "alerts: not what was asked for");
  }
  equal(await failureOf(answering(401, {}).reader.read("NVX")), "alerts: HTTP 401");
});
