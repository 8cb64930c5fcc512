/** The admin's list of feeds: it shows what each does, and nothing when that is not known. */

import {equal, ok, test} from "../harness.js";
import {opened} from "./page_frame.js";

const FRAME = {channel: "deck", process: {}, connections: 0};

test("figures come by the socket of the page, and go with it", async () => {
  const page = await opened("/static/js/pages/feed_list.js", {path: "/admin/feeds/feed/"});
  equal(new URL(page.socket.url).pathname, "/ws/v1/");
  const {feed} = page.find("[data-live=rate]").dataset;
  page.say({...FRAME, feeds: [{feed, state: "PAUSED", rate: 7.5, age_ms: 1_000}]});
  equal([page.find("[data-live=state]").dataset.is, page.text("[data-live=rate]")], ["PAUSED", "7.5"]);
  page.end(1006);
  equal(page.text("[data-live=rate]"), "–");
});

test("a page that is live again shows figures, and one that is signed out says so", async () => {
  const page = await opened("/static/js/pages/feed_list.js", {path: "/admin/feeds/feed/"});
  const {feed} = page.find("[data-live=rate]").dataset;
  page.say({...FRAME, feeds: [{feed, state: "RUNNING", rate: 3, age_ms: 1_000}]});
  page.say({...FRAME, feeds: [{feed, state: "RUNNING", rate: 4, age_ms: 1_000}]});
  equal(page.text("[data-live=rate] b"), "4");
  ok(page.find("[data-live=rate] path").getAttribute("d") !== undefined, "no picture");
  page.end(4401);
  ok(page.byId("signed-out-title"), "the page is still there");
});
