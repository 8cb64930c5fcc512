/** Elements and what the browser remembers: text stays text, and what is missing throws. */

import {byId, draw, find, hide, icon, keep, make, recall, remember, write} from "/static/js/dom.js";
import {equal, test, throws} from "./harness.js";

test("an element that the page lacks is a mistake of its template", () => {
  throws(() => byId("nowhere"), "Error: page has no #nowhere");
  throws(() => find(document, ".nowhere"), "Error: page has no .nowhere");
  const made = make("i", {id: "dom-of-tests"});
  document.body.append(made);
  equal([byId("dom-of-tests") === made, find(document.body, "#dom-of-tests") === made], [true, true]);
  made.remove();
});

test("an element has its attributes and children, and text is never markup", () => {
  const made = make("p", {"class": "a", "data-b": "c"}, "<b>x</b>", make("i", {}, "y"));
  equal([made.tagName, made.className, made.dataset.b, made.textContent], ["P", "a", "c", "<b>x</b>y"]);
  equal([...made.childNodes].map(({nodeName}) => nodeName), ["#text", "I"]);
});

test("an icon is a drawing of the page's sprite that nobody reads aloud", () => {
  const made = icon("bell");
  equal([made.namespaceURI, made.getAttribute("class"), made.getAttribute("aria-hidden")], ["http://www.w3.org/2000/svg", "icon", "true"]);
  equal([made.firstChild.getAttribute("href"), made.firstChild.namespaceURI], ["#icon-bell", "http://www.w3.org/2000/svg"]);
  equal(draw("rect", {width: "3"}).getAttribute("width"), "3");
});

test("a text that stands there already is not written again", () => {
  const made = make("p", {}, "same");
  const node = made.firstChild;
  write(made, "same");
  equal(made.firstChild === node, true);
  write(made, "other");
  equal([made.textContent, made.firstChild === node], ["other", true]);
  write(made, "");
  equal([made.textContent, made.childNodes.length], ["", 0]);
});

test("a text takes the place of whatever else there was", () => {
  const made = make("p", {}, "a", make("i", {}, "b"));
  write(made, "c");
  equal([made.textContent, made.childNodes.length], ["c", 1]);
  const nested = make("p", {}, make("i", {}, "b"));
  write(nested, "c");
  equal([nested.textContent, nested.children.length], ["c", 0]);
});

test("what is hidden already is not hidden again", () => {
  const made = make("p", {});
  const observer = new MutationObserver(() => {});
  observer.observe(made, {attributes: true});
  const written = (isHidden) => {
    hide(made, isHidden);
    return [made.hidden, observer.takeRecords().length];
  };
  equal([false, true, true, false].map(written), [[false, 0], [true, 1], [true, 0], [false, 1]]);
});

test("a choice is remembered under a name of the market's, and null forgets it", () => {
  remember("choice-of-tests", "x");
  equal([localStorage.getItem("market.choice-of-tests"), recall("choice-of-tests")], ["x", "x"]);
  remember("choice-of-tests", null);
  equal([localStorage.getItem("market.choice-of-tests"), recall("choice-of-tests")], [null, null]);
});

test("storage that is forbidden remembers nothing, and breaks nothing", () => {
  const was = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
  Object.defineProperty(globalThis, "localStorage", {configurable: true, get: () => { throw new DOMException("forbidden", "SecurityError"); }});
  try {
    remember("choice-of-tests", "x");
    remember("choice-of-tests", null);
    equal(recall("choice-of-tests"), null);
  } finally {
    Object.defineProperty(globalThis, "localStorage", was);
  }
});

test("a choice of the person is remembered and told to the rest of the page", () => {
  const heard = [];
  const hear = ({detail}) => heard.push(detail);
  addEventListener("kept", hear);
  keep("choice-of-tests", "x");
  equal(recall("choice-of-tests"), "x");
  keep("choice-of-tests", null);
  removeEventListener("kept", hear);
  equal([recall("choice-of-tests"), heard], [null, [{name: "choice-of-tests", value: "x"}, {name: "choice-of-tests", value: ""}]]);
});
