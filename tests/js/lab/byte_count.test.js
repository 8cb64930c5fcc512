/** The bytes of a message on the wire, with the head of its WebSocket frame (RFC 6455, 5.2). */

import {frameBytes} from "/static/js/lab/byte_count.js";
import {equal, test} from "../harness.js";

test("frames of a socket have heads of 2, 4 or 10 bytes", () => {
  const lengths = [0, 125, 126, 65_535, 65_536];
  equal(lengths.map((length) => frameBytes("x".repeat(length))), [2, 127, 130, 65_539, 65_546]);
});
