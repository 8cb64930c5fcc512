/** What does not run in the lab is said as text, with why. */

import {make} from "/static/js/dom.js";
import {Troubles} from "/static/js/screen/lab/troubles.js";
import {equal, test} from "../../harness.js";

test("a refused stream is said with its reason until it runs", () => {
  const element = make("p", {hidden: ""});
  const troubles = new Troubles(element);
  troubles.show("SSE", {name: "live", reason: ""});
  equal([element.hidden, element.textContent], [true, ""]);
  troubles.show("SSE", {name: "reconnecting", reason: "four streams are open in this browser"});
  troubles.show("Polling", {name: "signed_out", reason: "HTTP 401"});
  equal([element.hidden, element.textContent], [
    false, "SSE is reconnecting: four streams are open in this browser. Polling is signed out: HTTP 401.",
  ]);
  troubles.show("Polling", {name: "closed", reason: "HTTP 401"});
  troubles.show("SSE", {name: "live", reason: "four streams are open in this browser"});
  equal([element.hidden, element.textContent], [true, ""]);
});
