/** Edits that are posted, and what people hear of them. */

import {Poster} from "/static/js/requests/post.js";
import {each, equal, ok, settled, test} from "../harness.js";

function poster(answer) {
  const requests = [];
  const fetch = async (url, options) => {
    requests.push({url, ...options, body: String(options.body)});
    return answer();
  };
  return {requests, post: (fields) => new Poster("token", fetch).post("/add/", fields)};
}

const json = (body, status = 200) => () => new Response(JSON.stringify(body), {status});

test("fields are sent with the token, a list as often as it has values", async () => {
  const {requests, post} = poster(json({message: "Added."}));
  equal(await post({symbol: ["A", "B"], rank: "1"}), {isDone: true, text: "Added."});
  const [{url, method, body, credentials, redirect, headers, signal}] = requests;
  equal([url, method, body, credentials, redirect], ["/add/", "POST", "symbol=A&symbol=B&rank=1", "same-origin", "manual"]);
  equal(headers, {Accept: "application/json", "X-CSRFToken": "token"});
  ok(signal instanceof AbortSignal, "it may take for ever");
});

test("what the server says is told, and what went wrong without its words", () =>
  each([
    [json({}), {isDone: true, text: ""}], [json("x"), {isDone: true, text: ""}], [json({message: 5}), {isDone: true, text: ""}],
    [json({error: {message: "Full."}}, 409), {isDone: false, text: "Full."}], [json({message: "No."}, 400), {isDone: false, text: "No."}],
    [json({message: "x"}, 401), {isDone: false, text: "You are signed out."}],
    [() => new Response("<p>", {status: 500}), {isDone: false, text: "The server answered 500."}],
    [() => new Response("<p>"), {isDone: true, text: ""}],
    [() => ({type: "opaqueredirect", ok: false, status: 0}), {isDone: false, text: "You are signed out."}],
    [() => { throw new TypeError("offline"); }, {isDone: false, text: "The server could not be reached."}],
  ], async ([answer, expected]) => {
    equal(await poster(answer).post({}), expected);
  }));

test("edits are made one after the other, also when one before failed or the page is left", async () => {
  const [sent, answers] = [[], []];
  const fetch = (url) => new Promise((resolve, reject) => { sent.push(url); answers.push({resolve, reject}); });
  const poster = new Poster("token", fetch);
  const posted = ["a", "b", "c", "d"].map((url) => poster.post(url, {}));
  await settled();
  equal(sent, ["a"]);
  answers[0].reject(new TypeError("offline"));
  equal((await posted[0]).isDone, false);
  await settled();
  equal(sent, ["a", "b"]);
  poster.leave();
  await settled();
  equal(sent, ["a", "b", "c", "d"]);
  for (const {resolve} of answers.slice(1)) resolve(new Response("{}"));
  equal((await Promise.all(posted)).map(({isDone}) => isDone), [false, true, true, true]);
});
