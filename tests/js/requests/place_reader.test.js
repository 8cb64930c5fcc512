/** The places to go to, as the server names them. */

import {readPlaces} from "/static/js/requests/place_reader.js";
import {each, equal, ok, test} from "../harness.js";

const PLACES = {pages: [{name: "Lab", url: "/lab/"}], lists: [], instruments: [{s: "NVX", name: "Novexa"}], instrument: "/i/~/", alert: "/alerts/?symbol=~"};
const answering = (body, status = 200) => () => Promise.resolve(new Response(JSON.stringify(body), {status}));

test("places are read", async () => {
  equal(await readPlaces("/places/", answering(PLACES)), PLACES);
});

test("what is no answer with places is refused", () =>
  each([[{}, 401], [[], 200], [{...PLACES, lists: [{name: 1, url: ""}]}, 200], [{...PLACES, instruments: null}, 200], [{...PLACES, pages: ["x"]}, 200]],
    async ([body, status]) => {
      const error = await readPlaces("/places/", answering(body, status)).catch((caught) => caught);
      ok(error instanceof Error, () => JSON.stringify(body));
    }));

test("every field of the places has its kind", () =>
  each([
    {instrument: 1}, {alert: null}, {pages: null}, {pages: [{name: "Lab"}]}, {pages: [{url: "/lab/"}]}, {lists: {}}, {lists: [null]},
    {instruments: [{s: "NVX"}]}, {instruments: [{name: "Novexa"}]}, {instruments: [null]},
  ], async (more) => {
    const error = await readPlaces("/places/", answering({...PLACES, ...more})).catch((caught) => caught);
    equal(String(error), "Error: places: not what was asked for");
  }));

test("a refusal is told by its status, also where places come with it", async () => {
  const error = await readPlaces("/places/", answering(PLACES, 503)).catch((caught) => caught);
  equal(String(error), "Error: places: HTTP 503");
});

test("the places are asked for as a page asks, and a redirect is no answer", async () => {
  const asked = [];
  await readPlaces("/places/", (...said) => {
    asked.push(said);
    return answering(PLACES)();
  });
  const [[url, {credentials, redirect, headers}]] = asked;
  equal([url, credentials, redirect, headers], ["/places/", "same-origin", "manual", {Accept: "application/json"}]);
});
