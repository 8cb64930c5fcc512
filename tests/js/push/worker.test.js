/** The worker of pushes: it shows each message once, and a click leads to the page of its link. */

import {equal, test} from "../harness.js";
import {opened} from "../pages/page_frame.js";

const MESSAGE = {id: "m/1", title: "NVX fired", body: "above 12", level: "info", url: "/alerts/?a=1", tag: "alert-1"};

/** A subscription of the browser; to end it is written down. */
function subscriptionOf(world, endpoint, keys = {p256dh: "p", auth: "a"}) {
  return {endpoint, toJSON: () => (keys ? {keys} : {}), unsubscribe: async () => world.ended.push(endpoint)};
}

/** Run the worker in a frame, with the browser's side of it. */
async function worker() {
  await caches.delete("shown-pushes");
  const world = {shown: [], focused: [], opened: [], tabs: [], asked: [], subscribed: [], ended: [], skipped: 0, listeners: {}};
  world.page = await opened("/static/js/push/worker.js", {isTimeStopped: false, change: ({window}) => {
    window.registration = {pushManager: {subscribe: async (wanted) => {
      world.subscribed.push(wanted);
      return subscriptionOf(world, "https://push.example/new");
    }}, showNotification: async (title, options) => {
      if (world.isBroken) throw new TypeError("No permission");
      world.shown.push({title, ...options});
    }};
    window.clients = {
      matchAll: async (wanted) => {
        world.asked.push(wanted);
        return world.tabs.map((url) => ({url, focus: async () => world.focused.push(url)}));
      },
      openWindow: async (url) => world.opened.push(url),
    };
    window.skipWaiting = async () => {
      world.skipped += 1;
    };
    window.addEventListener = (type, listener) => {
      world.listeners[type] = listener;
    };
  }});
  world.tell = async (type, more) => {
    const work = [];
    world.listeners[type]({waitUntil: (promise) => work.push(promise), ...more});
    if (work.length !== 1) throw new Error(`${type} waited for ${work.length} promises`);
    await work[0];
  };
  world.push = (message) => world.tell("push", {data: {json: () => message}});
  world.click = async (url) => {
    let isClosed = false;
    await world.tell("notificationclick", {notification: {data: url, close: () => { isClosed = true; }}});
    return isClosed;
  };
  return world;
}

test("a new worker takes over at once", async () => {
  const world = await worker();
  await world.tell("install");
  equal(world.skipped, 1);
});

test("a message is shown once, however often it is brought", async () => {
  const world = await worker();
  await world.push(MESSAGE);
  await world.push(MESSAGE);
  equal(world.shown, [{title: "NVX fired", body: "above 12", tag: "alert-1", data: "/alerts/?a=1", requireInteraction: false}]);
  await world.push({...MESSAGE, id: "m/2"});
  equal(world.shown.length, 2);
});

test("a message that could not be shown is shown when it is brought again", async () => {
  const world = await worker();
  world.isBroken = true;
  await world.push(MESSAGE).catch(() => {});
  world.isBroken = false;
  await world.push(MESSAGE);
  equal(world.shown.map(({title}) => title), ["NVX fired"]);
});

test("a critical message stays until somebody closes it", async () => {
  const world = await worker();
  await world.push({...MESSAGE, level: "critical"});
  equal(world.shown[0].requireInteraction, true);
});

test("the last two hundred messages are remembered, and no more", async () => {
  const world = await worker();
  const shown = await caches.open("shown-pushes");
  for (let number = 0; number < 200; number += 1) await shown.put(`/notifications/shown/old${number}`, new Response());
  await world.push(MESSAGE);
  const places = (await shown.keys()).map(({url}) => new URL(url).pathname);
  equal([places.length, places[0], places.at(-1)], [200, "/notifications/shown/old1", "/notifications/shown/m%2F1"]);
  await world.push({...MESSAGE, id: "old1"});
  equal(world.shown.length, 1);
});

test("a click goes to the tab that shows the page, else opens one", async () => {
  const world = await worker();
  world.tabs = [`${location.origin}/`, `${location.origin}/alerts/?a=1`];
  equal(await world.click("/alerts/?a=1"), true);
  equal([world.focused, world.opened], [[`${location.origin}/alerts/?a=1`], []]);
  equal(world.asked, [{type: "window", includeUncontrolled: true}]);
  await world.click("/alerts/?a=2");
  equal([world.focused.length, world.opened], [1, [`${location.origin}/alerts/?a=2`]]);
});

test("a link to elsewhere is closed and not followed", async () => {
  const world = await worker();
  equal(await world.click("https://elsewhere.example/"), true);
  equal([world.asked, world.opened], [[], []]);
});

/** Let the push service end the subscription of somebody who is signed in. */
async function changed(given) {
  const world = await worker();
  world.page.answers = {http: ({method}) => world.page.json(method === "POST" ? {} : {key: "site key", token: "form token"})};
  await world.tell("pushsubscriptionchange", {newSubscription: given?.(world)});
  return world;
}

test("a subscription that the push service ended is made again, and its address is sent", async () => {
  const {page, subscribed, ended} = await changed();
  equal(subscribed, [{userVisibleOnly: true, applicationServerKey: "site key"}]);
  const [asked, sent] = page.requests;
  equal([asked.method, asked.options.credentials, asked.options.redirect], ["GET", "same-origin", "manual"]);
  equal(sent.body, {address: "https://push.example/new", push_key: "p", push_auth: "a", renewed: "1"});
  equal([sent.method, sent.options.credentials, sent.headers, ended], ["POST", "same-origin", {"Accept": "application/json", "X-CSRFToken": "form token"}, []]);
});

test("what the browser subscribed to by itself is taken, also without keys", async () => {
  const {page, subscribed} = await changed((world) => subscriptionOf(world, "https://push.example/own", null));
  equal([subscribed, page.requests[1].body], [[], {address: "https://push.example/own", push_key: "", push_auth: "", renewed: "1"}]);
});

test("without a sign-in nothing is subscribed to", async () => {
  const away = await worker();
  away.page.answers = {http: () => away.page.json({}, 401)};
  await away.tell("pushsubscriptionchange", {});
  equal([away.page.requests.length, away.subscribed], [1, []]);
});

test("an address that the server does not take is given up", async () => {
  const world = await worker();
  world.page.answers = {http: ({method}) => (method === "POST" ? world.page.json({}, 400) : world.page.json({key: "k", token: "t"}))};
  await world.tell("pushsubscriptionchange", {});
  equal(world.ended, ["https://push.example/new"]);
});
