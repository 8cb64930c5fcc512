/** This browser as a receiver of pushes: what it asks the browser and the server, and what a refusal leaves. */

import {Device} from "/static/js/push/device.js";
import {each, equal, settled, test, until} from "../harness.js";

const PLACES = {worker: "/worker.js", key: "/key/", on: "/on/", off: "/off/"};
const DENIED = "This browser does not let this site show notifications. Its settings can change that.";

/** A browser with a push service, and a server. `former`: the address it had before. */
async function browser(check, {permission = "granted", former = null, status = 200, isReachable = true, installing = null} = {}) {
  const world = {posted: [], calls: [], options: null};
  const subscription = (endpoint) => ({
    endpoint, toJSON: () => ({keys: {p256dh: "pk", auth: "pa"}}),
    unsubscribe: () => {
      world.calls.push(`unsubscribe ${endpoint}`);
      world.current = null;
      return Promise.resolve(true);
    },
  });
  world.current = former && subscription(former);
  world.registration = {
    installing, active: installing ? null : {},
    pushManager: {
      getSubscription: () => Promise.resolve(world.current),
      subscribe: (options) => {
        world.calls.push("subscribe");
        world.options = options;
        if (!isReachable) return Promise.reject(new Error("no service"));
        world.current = subscription("https://push/new");
        return Promise.resolve(world.current);
      },
    },
  };
  const serviceWorker = {
    getRegistration: (place) => {
      world.place = place;
      return Promise.resolve(world.registration);
    },
    register: (place) => {
      world.calls.push(`register ${place}`);
      return Promise.resolve(world.registration);
    },
  };
  const fetched = (url, options = {}) => {
    if (options.method !== "POST") {
      equal([url, options.credentials], ["/key/", "same-origin"]);
      return Promise.resolve(Response.json({key: "-_8A"}));
    }
    world.posted.push([url, Object.fromEntries(options.body), options.headers["X-CSRFToken"]]);
    return Promise.resolve(Response.json({message: status === 200 ? "" : "full"}, {status}));
  };
  const changes = [
    [globalThis, "Notification", {requestPermission: () => Promise.resolve(permission)}], [globalThis, "fetch", fetched],
    [globalThis, "PushManager", {}], [globalThis, "isSecureContext", true], [navigator, "serviceWorker", serviceWorker],
  ];
  const kept = changes.map(([owner, name]) => [owner, name, Object.getOwnPropertyDescriptor(owner, name)]);
  for (const [owner, name, value] of changes) Object.defineProperty(owner, name, {value, configurable: true, writable: true});
  try {
    world.places = {...PLACES};
    await check(new Device(world.places, "token"), world);
  } finally {
    for (const [owner, name, was] of kept) {
      if (was) Object.defineProperty(owner, name, was);
      else delete owner[name];
    }
  }
}

test("a browser says why it takes none", () => browser((device) => {
  equal(device.obstacle, "");
  Object.defineProperty(globalThis, "isSecureContext", {value: false, configurable: true});
  equal(device.obstacle, "Push needs a page over https.");
}));

test("each part that a browser lacks is an obstacle", () => each(["PushManager", "Notification"], (name) => browser((device) => {
  const was = Object.getOwnPropertyDescriptor(globalThis, name);
  delete globalThis[name];
  const {obstacle} = device;
  Object.defineProperty(globalThis, name, was);
  equal(obstacle.startsWith("This browser has no push."), true);
})));

test("it is on only when the server pushes to the address that the browser has", () => each([
  ["https://push/a", "https://push/a", true], ["https://push/a", "https://push/b", false], [null, "https://push/b", false], ["https://push/a", undefined, false],
], ([former, address, isOn]) => browser(async (device, world) => {
  if (address) world.places.address = address;
  equal([await device.isOn(), world.place], [isOn, "/worker.js"]);
}, {former})));

test("a browser without the script takes none", () => browser(async (device, world) => {
  world.registration = undefined;
  equal(await device.isOn(), false);
}));

test("turning on tells the server where and with which keys", () => browser(async (device, world) => {
  equal(await device.turnOn(), {isDone: true, text: ""});
  equal(world.calls, ["register /worker.js", "unsubscribe https://push/old", "register /worker.js", "subscribe"]);
  equal([world.options.userVisibleOnly, [...world.options.applicationServerKey]], [true, [251, 255, 0]]);
  equal(world.posted, [["/on/", {address: "https://push/new", push_key: "pk", push_auth: "pa"}, "token"]]);
  equal([world.places.address, await device.isOn()], ["https://push/new", true]);
}, {former: "https://push/old"}));

test("who refuses notifications is asked for nothing more", () => each(["denied", "default"], (permission) => browser(async (device, world) => {
  equal([await device.turnOn(), world.calls, world.posted], [{isDone: false, text: DENIED}, [], []]);
}, {permission})));

test("a push service that is away leaves nothing at the server", () => browser(async (device, world) => {
  equal([await device.turnOn(), world.posted], [{isDone: false, text: "The push service of this browser could not be reached."}, []]);
}, {isReachable: false}));

test("what the server refuses is taken back in the browser", () => browser(async (device, world) => {
  equal(await device.turnOn(), {isDone: false, text: "full"});
  equal([world.calls.at(-1), world.places.address, await device.isOn()], ["unsubscribe https://push/new", undefined, false]);
}, {status: 400}));

test("it waits until the script runs, or never will", () => each(["activated", "redundant"], async (last) => {
  const installing = Object.assign(new EventTarget(), {state: "installing"});
  const turn = (state) => {
    installing.state = state;
    installing.dispatchEvent(new Event("statechange"));
    return settled();
  };
  await browser(async (device, world) => {
    const turned = device.turnOn();
    await until(() => world.calls.filter((call) => call.startsWith("register")).length === 2);
    await settled();
    await turn("installed");
    equal(world.calls.includes("subscribe"), false);
    await turn(last);
    equal((await turned).isDone, true);
  }, {installing});
}));

test("turning off ends it in the browser and at the server, which hears the address", () => each([
  ["https://push/a", ["unsubscribe https://push/a"], "https://push/a"], [null, [], "https://push/known"],
], ([former, calls, address]) => browser(async (device, world) => {
  world.places.address = "https://push/known";
  equal(await device.turnOff(), {isDone: true, text: ""});
  equal([world.calls, world.posted, world.places.address], [calls, [["/off/", {address}, "token"]], undefined]);
}, {former})));
