/** Staff read what is wrong with the database; pages of others have no place for it. */

import {showTrouble} from "/static/js/screen/page/trouble.js";
import {equal, test} from "../../harness.js";

test("trouble is shown as text until it is over", () => {
  document.body.append(Object.assign(document.createElement("p"), {id: "database-trouble", hidden: true}));
  const banner = document.getElementById("database-trouble");
  showTrouble("<b>full</b>");
  equal([banner.textContent, banner.children.length, banner.hidden], ["<b>full</b>", 0, false]);
  showTrouble("");
  equal([banner.textContent, banner.hidden], ["", true]);
});

test("a page without a place for it shows nothing", () => {
  document.getElementById("database-trouble")?.remove();
  showTrouble("full");
  equal(document.body.textContent.includes("full"), false);
});
