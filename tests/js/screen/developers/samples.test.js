/** A button copies the sample beside it, or selects it where there is no clipboard. */

import {make} from "/static/js/dom.js";
import {bindCopies} from "/static/js/screen/developers/samples.js";
import {ManualClock, equal, settled, test} from "../../harness.js";

/** Two samples, with a clipboard that works or not, and a clock that is moved by hand. */
async function copied(writeText, check) {
  const clock = new ManualClock();
  const usual = globalThis.setTimeout;
  Object.defineProperty(navigator, "clipboard", {value: {writeText}, configurable: true});
  globalThis.setTimeout = clock.setTimeout;
  const samples = ["one", "two"].map((text) =>
    make("div", {class: "sample"}, make("code", {}, text), make("button", {"data-copy": ""}, "Copy")));
  document.body.append(...samples);
  const buttons = samples.map((sample) => sample.querySelector("button"));
  try {
    bindCopies(document);
    buttons[1].click();
    await settled();
    check({clock, texts: () => buttons.map(({textContent}) => textContent)});
  } finally {
    globalThis.setTimeout = usual;
    delete navigator.clipboard;
    for (const sample of samples) sample.remove();
  }
}

test("the sample beside the button is copied, and the button says so for a while", async () => {
  const written = [];
  await copied(async (text) => { written.push(text); }, ({clock, texts}) => {
    equal([written, texts()], [["two"], ["Copy", "Copied"]]);
    clock.advance(1_499);
    equal(texts(), ["Copy", "Copied"]);
    clock.advance(1);
    equal(texts(), ["Copy", "Copy"]);
  });
});

test("without a clipboard the sample is selected", () =>
  copied(async () => { throw new Error("forbidden"); }, ({texts}) => {
    equal([texts(), getSelection().toString()], [["Copy", "Selected"], "two"]);
  }));
