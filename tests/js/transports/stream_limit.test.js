/** One browser holds at most four streams, whichever tab has them. */

import {candidatesOf} from "/static/js/transports/catalogue.js";
import {openTransports} from "/static/js/lab/transports.js";
import {LimitedTransport, StreamSlots} from "/static/js/transports/stream_limit.js";
import {each, equal, settled, test} from "../harness.js";

/** Locks of one browser that answers at once, and which are taken. */
function locksOf() {
  const taken = new Set();
  const request = async (name, {ifAvailable}, run) => {
    if (taken.has(name) && ifAvailable) return run(null);
    taken.add(name);
    try {
      return await run({name});
    } finally {
      taken.delete(name);
    }
  };
  return {taken, request};
}

/** A transport that is opened and closed by hand, behind the limit. */
function limitedIn(locks, log = []) {
  const inner = {name: "SSE", quiet_ms: 7, open: () => log.push("open"), close: () => log.push("close"), send: ({id}) => log.push(`send ${id}`)};
  const limited = new LimitedTransport(inner, new StreamSlots(locks));
  limited.onclose = ({code, reason}) => log.push(`ended ${code} ${reason}`.trim());
  limited.onopen = () => log.push("onopen");
  limited.onframe = ({type}) => log.push(`frame ${type}`);
  return {inner, limited, log};
}

test("the fifth stream is refused with its reason and opens nothing", async () => {
  const locks = locksOf();
  const streams = Array.from({length: 5}, () => limitedIn(locks));
  for (const {limited} of streams) {
    limited.open(() => ({}));
    await settled();
  }
  equal(streams.map(({log}) => log.filter((line) => line !== "close")), [
    ["open"], ["open"], ["open"], ["open"], ["ended 1006 this browser holds 4 streams already"],
  ]);
  streams[1].limited.close();
  await settled();
  streams[4].limited.open(() => ({}));
  await settled();
  equal([streams[4].log.at(-1), locks.taken.size], ["open", 4]);
});

test("a stream that ends or is closed gives its slot back", () => each(["ends", "closed"], async (how) => {
  const locks = locksOf();
  const {inner, limited, log} = limitedIn(locks);
  limited.open(() => ({}));
  await settled();
  equal([locks.taken.size, limited.name, limited.quiet_ms], [1, "SSE", 7]);
  inner.onopen();
  inner.onframe({type: "welcome"}, 1);
  limited.send({id: 3});
  if (how === "ends") inner.onclose({code: 4503, reason: "restart", retry_ms: 0});
  else limited.close();
  await settled();
  equal(locks.taken.size, 0);
  equal(log.filter((line) => line !== "close"), ["open", "onopen", "frame welcome", "send 3", ...(how === "ends" ? ["ended 4503 restart"] : [])]);
}));

test("a stream that is closed before it got its slot is never opened", async () => {
  const locks = locksOf();
  const {limited, log} = limitedIn(locks);
  limited.open(() => ({}));
  limited.close();
  await settled();
  equal([log.includes("open"), locks.taken.size], [false, 0]);
});

test("pages and the lab limit what keeps a request open, and nothing else", () => {
  const addresses = {socketUrl: "ws://a/ws/", sseUrl: "/sse/", pollUrl: "/poll/"};
  const isLimited = ({make}) => make() instanceof LimitedTransport;
  equal(candidatesOf({...addresses, poll: {}}).map(isLimited), [false, true, true, false]);
  const {transports} = openTransports({...addresses, interval_ms: 250, header_bytes: 100});
  equal(Object.values(transports).map(({candidate}) => isLimited(candidate)), [false, true, true, false]);
});
