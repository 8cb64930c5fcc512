/** A word at the top of the page. */

import {make} from "/static/js/dom.js";
import {tell} from "/static/js/screen/page/note.js";
import {equal, test, throws} from "../../harness.js";

test("the note says the last text, as text", () => {
  document.querySelector("#page-note")?.remove();
  throws(() => tell("nowhere"), "Error: page has no #page-note");
  const note = make("p", {id: "page-note", hidden: ""});
  document.body.append(note);
  tell("first");
  tell("<b>second</b>");
  equal([note.hidden, note.textContent, note.childElementCount], [false, "<b>second</b>", 0]);
});
