/** What the transports cost the server: asked for, checked, and why it failed. */

import {askCosts} from "/static/js/lab/server_costs.js";
import {each, equal, test} from "../harness.js";

const COSTS = {process: "p", ts: 1, process_cpu_s: 2, request_header_bytes: 3, transports: {sse: {cpu_s: 1, updates: 2}}};

/** Ask a server that answers so. */
async function asked(body, status = 200) {
  const usual = globalThis.fetch;
  const requests = [];
  globalThis.fetch = async (url, options) => {
    requests.push([String(url), new Headers(options.headers).get("Accept")]);
    return new Response(JSON.stringify(body), {status, headers: {"Content-Type": "application/json"}});
  };
  try {
    return [await askCosts("/costs/"), requests];
  } finally {
    globalThis.fetch = usual;
  }
}

test("the costs are what the server says", async () => {
  equal(await asked(COSTS), [{costs: COSTS}, [["/costs/", "application/json"]]]);
  equal((await asked({...COSTS, transports: {}}))[0], {costs: {...COSTS, transports: {}}});
});

test("an answer without costs is a failure", () =>
  each([
    null, [], "x", {...COSTS, process: 1}, {...COSTS, transports: null}, {...COSTS, ts: "1"}, {...COSTS, process_cpu_s: null},
    {...COSTS, request_header_bytes: undefined}, {...COSTS, transports: {sse: 1}}, {...COSTS, transports: {sse: {cpu_s: 1}}},
    {...COSTS, transports: {sse: {cpu_s: 1, updates: 1}, poll: {cpu_s: "1", updates: 1}}},
  ], async (body) => {
    const [{costs, ending}] = await asked(body);
    equal([costs, ending.code], [undefined, 1006]);
  }));

test("a refusal says why", async () => {
  equal((await asked({error: {code: 403}}, 403))[0].ending.code, 4403);
});
