/** Desktop notifications and the sound: only by wish, once, and never for what is pushed as well. */

import {make} from "/static/js/dom.js";
import {bindChoices, tell} from "/static/js/screen/notifications/choices.js";
import {each, equal, settled, test} from "../../harness.js";

const notice = (id) => ({id, title: `n${id}`, body: `b${id}`});

/** A browser that says what it shows and plays. `wishes`: what it remembers. */
async function browser(check, {permission = "granted", answer = permission, isHidden = true, wishes = {}} = {}) {
  const world = {shown: [], tones: 0, asked: 0, stopped: []};
  class Shown extends EventTarget {
    static permission = permission;
    static requestPermission() {
      world.asked += 1;
      return Promise.resolve(answer);
    }
    constructor(title, {body, tag}) {
      super();
      world.last = this;
      world.shown.push([title, body, tag]);
    }
    close() {
      world.closed = true;
    }
  }
  class Silent {
    currentTime = 3;
  }
  class Volume {
    gain = {linearRampToValueAtTime: (...given) => world.stopped.push(given)};
    connect() {}
  }
  class Tone extends EventTarget {
    connect = (to) => to;
    start = () => { world.tones += 1; };
    stop = (at_s) => { world.stopped.push(at_s); };
  }
  const changes = [
    [globalThis, "Notification", Shown], [globalThis, "AudioContext", Silent], [globalThis, "GainNode", Volume], [globalThis, "OscillatorNode", Tone],
    [document, "hidden", isHidden],
  ];
  const kept = changes.map(([owner, name]) => [owner, name, Object.getOwnPropertyDescriptor(owner, name)]);
  for (const [owner, name, value] of changes) Object.defineProperty(owner, name, {value, configurable: true, writable: true});
  for (const name of ["desktop", "sound", "heard", "pushed"]) localStorage.removeItem(`market.notices.${name}`);
  for (const [name, value] of Object.entries(wishes)) localStorage.setItem(`market.notices.${name}`, value);
  try {
    await check(world);
  } finally {
    for (const [owner, name, was] of kept) {
      if (was) Object.defineProperty(owner, name, was);
      else delete owner[name];
    }
    for (const name of ["desktop", "sound", "heard", "pushed"]) localStorage.removeItem(`market.notices.${name}`);
  }
}

const SHOWN = [["n1", "b1", "notice-1"], ["n2", "b2", "notice-2"]];

test("the desktop shows notifications only by wish, to a hidden page, and not what is pushed", () => each([
  [{wishes: {desktop: "1"}}, SHOWN], [{wishes: {}}, []], [{wishes: {desktop: "0"}}, []], [{wishes: {desktop: "1", pushed: "1"}}, []],
  [{wishes: {desktop: "1"}, isHidden: false}, []], [{wishes: {desktop: "1"}, permission: "default"}, []],
], ([options, shown]) => browser((world) => {
  tell([notice(1), notice(2)]);
  equal([world.shown, world.tones, localStorage.getItem("market.notices.heard")], [shown, 0, null]);
}, options)));

test("a click on it brings the page back", () => browser((world) => {
  tell([notice(1)]);
  equal(world.closed, undefined);
  world.last.dispatchEvent(new Event("click"));
  equal(world.closed, true);
}, {wishes: {desktop: "1"}}));

test("a sound is played once for each notification, whoever heard it first", () => browser((world) => {
  tell([]);
  equal(world.tones, 0);
  tell([notice(7), notice(5)]);
  equal([world.tones, localStorage.getItem("market.notices.heard")], [1, "7"]);
  tell([notice(7)]);
  tell([notice(6)]);
  equal(world.tones, 1);
  tell([notice(8)]);
  equal(world.tones, 2);
}, {wishes: {sound: "1"}}));

test("the tone fades and ends after a quarter of a second", () => browser((world) => {
  tell([notice(1)]);
  equal(world.stopped, [[0, 3.25], 3.25]);
}, {wishes: {sound: "1"}}));

function boxes() {
  const [desktop, sound] = [make("input", {type: "checkbox"}), make("input", {type: "checkbox"})];
  const note = make("p");
  document.body.append(desktop, sound, note);
  bindChoices({desktop, sound, note});
  return {desktop, sound, note};
}

test("the boxes show what is wished, as far as the browser lets it happen", () => each([
  [{wishes: {}}, [false, false]], [{wishes: {desktop: "1", sound: "1"}}, [true, true]], [{wishes: {desktop: "1"}, permission: "denied"}, [false, false]],
], ([options, checked]) => browser(() => {
  const {desktop, sound} = boxes();
  equal([desktop.checked, sound.checked], checked);
}, options)));

test("a wish is kept, and the usual one as nothing", () => browser(async (world) => {
  const kept = [];
  const hear = ({detail: {name, value}}) => kept.push([name, value]);
  addEventListener("kept", hear);
  const {desktop, sound, note} = boxes();
  sound.click();
  equal(world.tones, 1);
  sound.click();
  desktop.click();
  await settled();
  equal([desktop.checked, note.textContent], [true, ""]);
  desktop.click();
  await settled();
  removeEventListener("kept", hear);
  equal([kept, world.tones, world.asked], [[["notices.sound", "1"], ["notices.sound", ""], ["notices.desktop", "1"], ["notices.desktop", ""]], 1, 1]);
}));

test("a browser that refuses unchecks the box and says why", () => browser(async () => {
  const {desktop, note} = boxes();
  desktop.click();
  await settled();
  equal([desktop.checked, note.textContent.startsWith("This browser does not let"), localStorage.getItem("market.notices.desktop")], [false, true, null]);
}, {permission: "default", answer: "denied"}));
