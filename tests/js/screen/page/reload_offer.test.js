/** A newer page is offered, never forced on anybody. */

import {make} from "/static/js/dom.js";
import {offerReload} from "/static/js/screen/page/reload_offer.js";
import {equal, test} from "../../harness.js";

test("the offer is shown, and the page is loaded again when somebody says so", () => {
  const button = make("button", {"data-part": "reload"});
  const offer = make("div", {id: "new-version", hidden: ""}, button);
  document.getElementById("new-version")?.remove();
  document.body.append(offer);
  let times = 0;
  offerReload(() => { times += 1; });
  equal([offer.hidden, times], [false, 0]);
  button.click();
  equal(times, 1);
});
