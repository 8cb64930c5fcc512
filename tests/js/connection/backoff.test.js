/** How long to wait before the next try: more from try to try, at random, and never less than the server asks for. */

import {BASE_MS, CAP_MS, backoff} from "/static/js/connection/backoff.js";
import {each, equal, ok, test} from "../harness.js";

test("the wait begins at half a second and doubles what chance adds", () =>
  each([[0, 0, 500], [9, 0, 500], [0, 1, 1_000], [1, 1, 1_500], [3, 0.5, 2_500]], ([attempt, random, wait_ms]) => {
    equal(backoff(attempt, random), wait_ms);
  }));

test("the longest wait is bounded however many tries there were", () =>
  each([6, 16, 17, 1_000], (attempt) => {
    equal(backoff(attempt, 1), CAP_MS);
  }));

test("what the server asks for is the least", () => {
  equal(backoff(0, 0, 7_000), 7_000);
  equal(backoff(0, 1, 7_000), 7_500);
  equal(backoff(20, 1, 7_000), CAP_MS);
  equal(backoff(0, 0, 100), BASE_MS);
});

test("even after a long wait not all come back at once", () => {
  ok(backoff(20, 0.9, 60_000) > backoff(20, 0.1, 60_000), "chance adds nothing");
  equal(backoff(20, 1, 60_000), 60_000 + BASE_MS);
});
