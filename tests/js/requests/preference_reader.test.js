/** What the server keeps of a person's choices, read again. */

import {isSignedIn, readPreferences} from "/static/js/requests/preference_reader.js";
import {each, equal, test} from "../harness.js";

const answering = (body, ok = true) => async () => ({ok, json: async () => body});

test("what is kept is read, and everything else is nothing", () =>
  each([
    [{preferences: {theme: "dark"}}, {theme: "dark"}],
    [{preferences: {}}, {}],
    [{preferences: null}, null],
    [{}, null],
    [7, null],
    [null, null],
  ], async ([body, expected]) => {
    equal(await readPreferences("/kept/", answering(body)), expected);
  }));

test("a refusal and a broken line are nothing", async () => {
  equal(await readPreferences("/kept/", answering({preferences: {theme: "dark"}}, false)), null);
  equal(await readPreferences("/kept/", async () => Promise.reject(new TypeError("no line"))), null);
});

test("a redirect and a refusal mean signed out; a server that cannot be asked does not", () =>
  each([
    [{type: "basic", status: 200}, true],
    [{type: "basic", status: 500}, true],
    [{type: "opaqueredirect", status: 0}, false],
    [{type: "basic", status: 401}, false],
  ], async ([answer, isIn]) => {
    equal(await isSignedIn("/kept/", async () => answer), isIn);
    equal(await isSignedIn("/kept/", async () => Promise.reject(new TypeError("no line"))), true);
  }));
