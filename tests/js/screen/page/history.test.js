/** What entries of the history hold: whether the address says all, where it came from, and the place of the page. */

import {make} from "/static/js/dom.js";
import {ScrollPlace, cameFrom, chosenIn, isStepFrom, sayAll, saysAll} from "/static/js/screen/page/history.js";
import {askFor} from "/static/js/screen/page/settings.js";
import {equal, test, until} from "../../harness.js";
import {stopped} from "../../stopped_time.js";

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

/** Run a check on a page that is long enough to scroll, while its time stands still. @param {(clock: any, place: ScrollPlace, scroll: (y: number) => void) => unknown} check */
async function scrolling(check) {
  begin();
  const tall = make("div");
  tall.style.height = `${innerHeight + 3_000}px`;
  document.body.append(tall);
  scrollTo({top: 0, behavior: "instant"});
  try {
    await stopped((clock) => check(clock, new ScrollPlace(), (y) => {
      scrollTo({top: y, behavior: "instant"});
      dispatchEvent(new Event("scroll"));
    }));
  } finally {
    tall.remove();
    begin();
  }
}

test("the place is kept when nobody has scrolled for 100 ms, with what the entry holds besides", () => scrolling((clock, _, scroll) => {
  cameFrom("http://a/");
  scroll(40);
  clock.advance(99);
  equal(history.state.y, undefined);
  scroll(50);
  clock.advance(99);
  equal(history.state.y, undefined);
  clock.advance(1);
  equal(history.state, {from: "http://a/", y: 50});
  equal(history.scrollRestoration, "manual");
}));

test("a page that is left keeps its place at once", () => scrolling((clock, _, scroll) => {
  scroll(60);
  dispatchEvent(new Event("pagehide"));
  equal(history.state.y, 60);
  history.replaceState({y: 7}, "");
  clock.advance(1_000);
  equal(history.state.y, 7, "it is kept once");
}));

test("a page on its way back keeps the place that it is to have, for five seconds or until somebody touches it", () => scrolling((clock, place, scroll) => {
  history.replaceState({y: 90_000}, "");
  place.restore();
  scroll(70);
  place.keep();
  equal([history.state.y, place.isReturning], [90_000, true]);
  clock.advance(4_999);
  equal(place.isReturning, true);
  clock.advance(1);
  equal(place.isReturning, false);
  place.keep();
  equal(history.state.y, scrollY);
  for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"]) {
    history.replaceState({y: 90_000}, "");
    place.restore();
    dispatchEvent(new Event(kind));
    equal(place.isReturning, false, kind);
  }
}));

test("an entry without a place scrolls nowhere, and one with a place at once", () => scrolling((_, place, scroll) => {
  scroll(80);
  history.replaceState({}, "");
  place.restore();
  equal([place.isReturning, scrollY], [false, 80]);
  history.replaceState({y: 0}, "");
  place.restore();
  equal(scrollY, 0);
}));
