/** Server-sent events, cut as a network may cut them. */

import {EventParser} from "/static/js/transports/event_parser.js";
import {each, equal, test, throws} from "../harness.js";

const STREAM = ": hello\n\ndata: one\n\nid: e:7\nevent: close\ndata:two\ndata: three\n\n"
  + "retry: 5\nid\ndata\n\nid: lost\n\ndata:  spaced\nunknown: x\n\ndata: unfinished";
const EVENTS = [
  {kind: "message", data: "one", id: null},
  {kind: "close", data: "two\nthree", id: "e:7"},
  {kind: "message", data: "", id: ""},
  {kind: "message", data: " spaced", id: null},
];

function parsed(pieces) {
  const parser = new EventParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

test("events are read however the network cuts them", () =>
  each(["\n", "\r\n", "\r"], (end) => {
    const text = STREAM.replaceAll("\n", end);
    equal(parsed([text]), EVENTS, "whole");
    equal(parsed([...text]), EVENTS, "letter by letter");
    for (let at = 1; at < text.length; at += 1) {
      equal(parsed([text.slice(0, at), "", text.slice(at)]), EVENTS, `cut at ${at}`);
    }
  }));

test("an event without an end is given up", () => {
  const parser = new EventParser();
  const piece = `data: ${"x".repeat(100_000)}\n`;
  const push = () => {
    for (let count = 0; count < 50; count += 1) parser.push(piece);
  };
  throws(push, "RangeError: the event has no end");
});
