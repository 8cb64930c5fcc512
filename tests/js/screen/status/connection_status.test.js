/** What people see of a connection: a badge, a banner with a button, and prices that do not look live. */

import {make} from "/static/js/dom.js";
import {time} from "/static/js/format.js";
import {ConnectionStatus} from "/static/js/screen/status/connection_status.js";
import {each, equal, ok, test} from "../../harness.js";

const STATE = {
  name: "live", transport: "SSE", pinned: "", reason: "", retry_at_ms: null, heard_at_ms: 1_000, market_silent_since_ms: null,
};
const part = (name) => make("span", {"data-part": name});

function shown() {
  for (const id of ["link-badge", "link-banner", "link-note"]) document.getElementById(id)?.remove();
  const badge = make("div", {id: "link-badge"}, part("label"));
  const banner = make("div", {id: "link-banner", hidden: ""}, part("text"), make("button", {type: "button"}));
  const note = make("div", {id: "link-note", hidden: ""});
  document.body.append(badge, banner, note);
  const [announced, acted] = [[], []];
  const status = new ConnectionStatus({announce: (text) => announced.push(text), onact: (name) => acted.push(name)});
  const button = banner.querySelector("button");
  const seen = () => [badge.textContent, banner.hidden, banner.querySelector("span").textContent, button.hidden, button.textContent];
  return {status, banner, note, button, announced, acted, seen};
}

test("each state has its label, text and button", () =>
  each([
    [{}, "Live", true, "", true, ""],
    [{name: "paused"}, "Paused", false, "Prices are paused. Status and notifications still arrive.", false, "Resume"],
    [{name: "stale"}, "Stale", false, `Nothing heard since ${time(1_000)}. Prices may be old.`, true, ""],
    [{name: "stale", heard_at_ms: null}, "Stale", false, "Nothing heard since the page load. Prices may be old.", true, ""],
    [{name: "stale", market_silent_since_ms: 5_000}, "Stale", false,
      `The market’s feed has been silent since ${time(5_000)}. Prices may be old.`, true, ""],
    [{name: "reconnecting"}, "Reconnecting", false, `Connection lost. Prices as of ${time(1_000)}. Connecting…`, true, "Try now"],
    [{name: "reconnecting", pinned: "SSE"}, "Reconnecting", false,
      `SSE is pinned and does not work. Prices as of ${time(1_000)}. Connecting…`, true, "Try now"],
    [{name: "reconnecting", pinned: "SSE", reason: "no answer"}, "Reconnecting", false,
      `SSE is pinned and does not work: no answer. Prices as of ${time(1_000)}. Connecting…`, true, "Try now"],
    [{name: "signed_out"}, "Signed out", false, "You are signed out.", true, ""],
    [{name: "stopped", reason: "x"}, "Stopped", false, "The server ended the connection: x.", false, "Try again"],
    [{name: "nonsense"}, "Connecting", true, "", true, ""],
  ], ([facts, ...expected]) => {
    const {status, seen} = shown();
    status.show({...STATE, ...facts});
    equal(seen(), expected);
  }));

test("a wait is counted down in seconds, and can be cut short", () => {
  const {status, seen, button, acted} = shown();
  status.show({...STATE, name: "offline", retry_at_ms: Date.now() + 60_000});
  ok(/^You are offline\. .* Trying again in (60|59) s\.$/.test(seen()[2]), () => seen()[2]);
  equal(button.hidden, false);
  button.click();
  equal(acted, ["offline"]);
});

test("prices that are not live do not look live", () =>
  each([["live", false], ["paused", false], ["stale", true], ["reconnecting", true], ["offline", true], ["stopped", true]], ([name, isNot]) => {
    shown().status.show({...STATE, name});
    equal([document.body.classList.contains("is-not-live"), document.body.dataset.link], [isNot, name]);
  }));

test("a change of the state is announced, and the same state is not", () => {
  const {status, announced} = shown();
  for (const name of ["live", "live", "stale"]) status.show({...STATE, name});
  equal(announced, ["Live", "Stale"]);
});

test("after a loss the badge says how the gap was filled", () =>
  each([[true, "Reconnected after 2.5 s: resumed, nothing missed"], [false, "Reconnected after 2.5 s: snapshot reloaded"]],
    ([resumed, text]) => {
      const {status, note, announced} = shown();
      status.recovered({gap_ms: 2_500, resumed});
      equal([note.textContent, note.hidden, announced], [text, false, [text]]);
    }));
