/** What entries of the history hold: whether the address says all, where it came from, and the place of the page. */

import {make} from "/static/js/dom.js";
import {ScrollPlace, cameFrom, chosenIn, isStepFrom, sayAll, saysAll} from "/static/js/screen/page/history.js";
import {askFor} from "/static/js/screen/page/settings.js";
import {equal, test, until} from "../../harness.js";

/** Begin with an entry that holds nothing. @param {string | null} remembered @param {string | null} inAddress */
function begin(remembered = null, inAddress = null) {
  history.replaceState(null, "");
  askFor("trades", inAddress);
  if (remembered === null) localStorage.removeItem("market.trades");
  else localStorage.setItem("market.trades", remembered);
}

test("the address comes before what the browser remembers", () => {
  begin("open");
  equal(chosenIn("trades"), "open");
  begin("open", "closed");
  equal(chosenIn("trades"), "closed");
});

test("an address that says all counts by its silence too", () => {
  begin("open");
  sayAll();
  equal([saysAll(), chosenIn("trades")], [true, null]);
});

test("a parameter leaves the rest of the entry alone", () => {
  begin();
  cameFrom("http://a/");
  askFor("trades", "open");
  equal([isStepFrom("http://a/"), isStepFrom("http://b/"), chosenIn("trades")], [true, false, "open"]);
  begin();
});

test("the page goes back to its place once it is long enough, and people go on from there", async () => {
  begin();
  const place = new ScrollPlace();
  history.replaceState({y: 900}, "");
  place.restore();
  equal(place.isReturning, true);
  const tall = make("div");
  tall.style.height = `${innerHeight + 3_000}px`;
  document.body.append(tall);
  await until(() => scrollY === 900);
  dispatchEvent(new Event("wheel"));
  equal(place.isReturning, false);
  scrollTo({top: 300, behavior: "instant"});
  await until(() => history.state.y === 300);
  tall.remove();
  begin();
});
