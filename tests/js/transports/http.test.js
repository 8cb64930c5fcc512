/** A GET from the page's own server: how it is asked, and what a refusal means. */

import {HttpRefusal, endingOfError, get} from "/static/js/transports/http.js";
import {each, equal, test} from "../harness.js";

const json = (value, status, headers = {}) => new Response(JSON.stringify(value), {status, headers});
const ERROR = {error: {code: 1, message: "no"}};

/** Return the ending of a request that is answered so. */
async function endingOf(response) {
  try {
    await get("/x", {fetch: async () => response, accept: "a/b", signal: new AbortController().signal});
  } catch (error) {
    equal(error instanceof HttpRefusal, true);
    return endingOfError(error);
  }
  throw new Error("it was no refusal");
}

test("a request says that a page of the site asks, and follows no redirect", async () => {
  const asked = [];
  const {signal} = new AbortController();
  const response = await get("/x?y=1", {fetch: async (...said) => { asked.push(said); return json({}, 200); }, accept: "a/b", signal});
  const [[address, options]] = asked;
  equal(response.status, 200);
  equal(address, "/x?y=1");
  equal({...options, signal: options.signal === signal}, {
    cache: "no-store", credentials: "same-origin", redirect: "manual", headers: {"Accept": "a/b", "X-Market-Page": "1"}, signal: true,
  });
});

test("no news is an answer too", async () => {
  const unchanged = {status: 304};
  equal(await get("/x", {fetch: async () => unchanged, accept: "", signal: new AbortController().signal}) === unchanged, true);
});

test("a refusal of the server itself has its close code", () =>
  each([[400, 4400], [401, 4401], [403, 4403], [429, 4429], [503, 4503], [500, 1006], [404, 1006], [201, 1006]], async ([status, code]) => {
    equal(await endingOf(json(ERROR, status)), {code, reason: `HTTP ${status}`, retry_ms: 0});
  }));

test("a refusal of somebody between is a lost request", () =>
  each([json({}, 403), json([1], 503), json({error: "no"}, 401), json({error: {code: "1"}}, 429), new Response("<html>", {status: 503})], async (response) => {
    equal((await endingOf(response)).code, 1006);
  }));

test("the server says how long to wait", () =>
  each([["7", 7_000], ["0", 0], ["soon", 0]], async ([header, retry_ms]) => {
    equal((await endingOf(json(ERROR, 503, {"Retry-After": header}))).retry_ms, retry_ms);
  }));

test("a redirect leads to the page for signing in", async () => {
  equal(await endingOf({type: "opaqueredirect", status: 0, headers: new Headers()}), {code: 4401, reason: "", retry_ms: 0});
});

test("what is no refusal is a lost connection", () => {
  equal(endingOfError(new TypeError("no line")), {code: 1006, reason: "TypeError: no line", retry_ms: 0});
});
