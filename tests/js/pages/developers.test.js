/** The protocol reference: a console with a socket of its own, samples to try, and the schema that a link leads to. */

import {each, equal, ok, test} from "../harness.js";
import {opened} from "./page_frame.js";

const SCRIPT = "/static/js/pages/developers.js";
const reference = (options) => opened(SCRIPT, {path: "/developers/", ...options});
const part = (page, name) => page.find(`#console [data-part=${name}]`);
const says = (page) => [page.byId("console").dataset.state, part(page, "state").textContent, part(page, "send").disabled, part(page, "connect").textContent];
const log = (page) => page.all("#console [data-part=log] li").map((item) => [item.querySelector("details").dataset.kind, item.querySelector("summary code").textContent]);

async function connected() {
  const page = await reference();
  part(page, "connect").click();
  page.socket.readyState = 1;
  page.socket.onopen();
  return page;
}

test("the console connects when somebody asks, and says what it does", async () => {
  const page = await reference();
  equal([page.sockets.length, part(page, "send").disabled], [0, true]);
  part(page, "connect").click();
  equal([page.sockets.length, new URL(page.socket.url).pathname, says(page)], [1, "/ws/v1/", ["opening", "Connecting", true, "Disconnect"]]);
  page.socket.readyState = 1;
  page.socket.onopen();
  equal(says(page), ["open", "Connected", false, "Disconnect"]);
});

test("the button disconnects while it opens and when it is open", async () => {
  const opening = await reference();
  part(opening, "connect").click();
  part(opening, "connect").click();
  equal([opening.sockets.length, opening.socket.closed], [1, 1000]);
  const page = await connected();
  part(page, "connect").click();
  equal([page.sockets.length, page.socket.closed], [1, 1000]);
  page.socket.onclose({code: 1000});
  equal(says(page), ["idle", "Disconnected", true, "Connect"]);
});

test("an end by the server is told with its code and what it means", async () => {
  await each([[4403, "Closed with 4403: not permitted, or from a foreign origin"], [4999, "Closed with 4999"]], async ([code, text]) => {
    const page = await connected();
    page.socket.onclose({code});
    await page.pass(0);
    equal([says(page), log(page)], [["closed", text, true, "Connect"], [["note", text]]]);
  });
});

test("what is sent and what is received stand in the log", async () => {
  const page = await connected();
  part(page, "command").value = '{"method": "ping"}';
  part(page, "form").requestSubmit();
  page.socket.onmessage({data: '{"method": "pong"}'});
  await page.pass(0);
  equal(log(page), [["received", '{"method": "pong"}'], ["sent", '{"method": "ping"}']]);
  equal(page.socket.sent, [{method: "ping"}]);
});

test("a command that could not be sent is not in the log", async () => {
  const page = await connected();
  page.socket.readyState = 3;
  part(page, "form").requestSubmit();
  await page.pass(0);
  equal([log(page), page.socket.sent], [[], []]);
});

test("Enter sends with Ctrl or Cmd, and alone it is a new line", async () => {
  const page = await connected();
  const command = part(page, "command");
  command.value = '{"method": "ping"}';
  page.press("Enter", command);
  page.press("a", command, {ctrlKey: true});
  equal(page.socket.sent.length, 0);
  page.press("Enter", command, {ctrlKey: true});
  page.press("Enter", command, {metaKey: true});
  equal(page.socket.sent.length, 2);
});

test("an example that is chosen is the command", async () => {
  const page = await reference();
  const examples = part(page, "examples");
  equal(part(page, "command").value, examples.value);
  page.change(examples, examples.options[1].value);
  equal(part(page, "command").value, examples.options[1].value);
});

test("a sample to try becomes the command, and the next button has the focus", async () => {
  const page = await reference();
  const button = page.find("[data-try]");
  button.click();
  equal([part(page, "command").value, page.document.activeElement === part(page, "connect")], [button.closest(".sample").querySelector("code").textContent, true]);
  const ready = await connected();
  ready.find("[data-try]").click();
  equal(ready.document.activeElement === part(ready, "send"), true);
});

test("a sample can be copied", async () => {
  const page = await reference();
  const button = page.find("[data-copy]");
  button.click();
  await page.until(() => button.textContent !== "Copy");
  ok(["Copied", "Selected"].includes(button.textContent), button.textContent);
});

test("the schema that a link leads to is unfolded, also later", async () => {
  const first = await reference();
  const names = first.all("details.schema").map(({id}) => id);
  const page = await reference({path: `/developers/#${names[0]}`});
  equal([page.byId(names[0]).open, page.byId(names[1]).open], [true, false]);
  page.window.location.hash = `#${names[1]}`;
  await page.until(() => page.byId(names[1]).open);
  page.window.location.hash = "#start";
});
