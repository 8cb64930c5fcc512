/** The look is chosen before the first paint: by the server's word, or by what this browser remembers. */

import {equal, ok, test} from "./harness.js";
import {opened} from "./pages/page_frame.js";

const booted = (options) => opened("/static/js/theme-boot.js", {kind: "", ...options});
const classes = (page) => [...page.document.documentElement.classList].filter((name) => name !== "contrast-high").sort();
const keptBy = (text) => ({document}) => {
  if (text === undefined) delete document.documentElement.dataset.kept;
  else document.documentElement.dataset.kept = text;
};

test("a visitor's look is what the browser remembers", async () => {
  const kept = {"theme": "dark", "contrast": "high", "palette": "eastern", "density": "compact", "zone": "utc", "notices.desktop": "on", "notices.sound": "on", "other": "x"};
  const page = await booted({kept, change: keptBy(undefined)});
  ok(page.document.documentElement.classList.contains("contrast-high"), "no contrast");
  equal(classes(page), ["density-compact", "has-script", "notices.desktop-on", "notices.sound-on", "palette-eastern", "theme-dark", "zone-utc"]);
});

test("what the server keeps of a person counts, and this browser remembers it", async () => {
  const page = await booted({kept: {theme: "light", density: "compact"}, change: keptBy("theme=dark&zone=utc")});
  equal(classes(page), ["has-script", "theme-dark", "zone-utc"]);
  equal(["theme", "zone", "density"].map((name) => localStorage.getItem(`market.${name}`)), ["dark", "utc", null]);
});

test("junk becomes no class", async () => {
  const page = await booted({kept: {theme: "Dark one", density: "", zone: "utc2"}, change: keptBy(undefined)});
  equal(classes(page), ["has-script"]);
});

test("storage that is forbidden leaves the usual look", async () => {
  const forbid = (page) => {
    keptBy(undefined)(page);
    Object.defineProperty(page.window, "localStorage", {get: () => { throw new Error("forbidden"); }});
  };
  const page = await booted({kept: {theme: "dark"}, change: forbid});
  equal(classes(page), ["has-script"]);
});

test("a kiosk is a word in the address", async () => {
  const page = await booted({path: "/?kiosk", change: keptBy("")});
  equal(classes(page), ["has-script", "is-kiosk"]);
});

test("a system that wants contrast gets it, and one that does not keeps its own", async () => {
  for (const matches of [true, false]) {
    const page = await booted({change: (each) => {
      keptBy("")(each);
      each.window.matchMedia = (query) => ({matches: matches && query === "(prefers-contrast: more)"});
    }});
    equal(page.document.documentElement.classList.contains("contrast-high"), matches);
  }
});
