// @ts-check
/**
 * Runs in the browser without a page: shows what is pushed, opens its link, and tells the server when the push service
 * gives this browser another address. It answers no request and keeps nothing of the market, only which messages were
 * shown: a push service may bring one twice.
 */

/**
 * @typedef {{id: string, title: string, body: string, level: string, url: string, tag: string}} Message
 * @typedef {{waitUntil(work: Promise<unknown>): void}} Lasting
 * @typedef {Lasting & {data: {json(): unknown} | null}} Pushed
 * @typedef {Lasting & {notification: Notification}} Clicked
 * @typedef {Lasting & {newSubscription?: PushSubscription | null}} Changed
 * @typedef {{url: string, focus(): Promise<unknown>}} Tab
 * @typedef {object} Scope
 * @property {{showNotification(title: string, options: NotificationOptions): Promise<void>, pushManager: PushManager}} registration
 * @property {{matchAll(options: object): Promise<Tab[]>, openWindow(url: string): Promise<unknown>}} clients
 * @property {(type: string, listener: (event: never) => void) => void} addEventListener
 * @property {() => Promise<void>} skipWaiting
 */

const worker = /** @type {Scope} */ (/** @type {unknown} */ (self));
const SHOWN = "shown-pushes";
const MOST_SHOWN = 200;

worker.addEventListener("install", (/** @type {Lasting} */ event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener("push", (/** @type {Pushed} */ event) => event.waitUntil(show(event.data)));
worker.addEventListener("pushsubscriptionchange", (/** @type {Changed} */ event) => event.waitUntil(renew(event.newSubscription)));
worker.addEventListener("notificationclick", (/** @type {Clicked} */ event) => {
  event.notification.close();
  event.waitUntil(open(String(event.notification.data)));
});

/** Show a message, unless it was shown before. @param {Pushed["data"]} data */
async function show(data) {
  const message = /** @type {Message} */ (data?.json());
  const shown = await caches.open(SHOWN);
  const place = `/notifications/shown/${encodeURIComponent(message.id)}`;
  if (await shown.match(place)) return;
  await worker.registration.showNotification(message.title, {
    body: message.body,
    tag: message.tag,
    data: message.url,
    requireInteraction: message.level === "critical",
  });
  // Noted after it was shown: if that fails, it is shown when the push service brings it again.
  await shown.put(place, new Response());
  const places = await shown.keys();
  await Promise.all(places.slice(0, -MOST_SHOWN).map((old) => shown.delete(old)));
}

/** Go to the tab that shows a page of this site, or open one. @param {string} url */
async function open(url) {
  const page = new URL(url, self.location.origin);
  if (page.origin !== self.location.origin) return;
  const tabs = await worker.clients.matchAll({type: "window", includeUncontrolled: true});
  const tab = tabs.find((each) => each.url === page.href);
  await (tab ? tab.focus() : worker.clients.openWindow(page.href));
}

/**
 * The push service ended the subscription of this browser: subscribe again, and tell the server the new address. Without a
 * sign-in there is nobody to push to.
 * @param {PushSubscription | null | undefined} given what the browser subscribed to by itself
 */
async function renew(given) {
  const answer = await fetch(new URL("push/key/", self.location.href), {credentials: "same-origin", redirect: "manual"});
  if (!answer.ok) return;
  /** @type {unknown} */
  const said = await answer.json();
  const {key, token} = /** @type {{key: string, token: string}} */ (said);
  const subscription = given ?? await worker.registration.pushManager.subscribe({userVisibleOnly: true, applicationServerKey: key});
  const {keys = {}} = subscription.toJSON();
  const body = new URLSearchParams({address: subscription.endpoint, push_key: keys.p256dh ?? "", push_auth: keys.auth ?? "", renewed: "1"});
  const headers = {"Accept": "application/json", "X-CSRFToken": token};
  const {ok} = await fetch(new URL("push/", self.location.href), {method: "POST", credentials: "same-origin", headers, body});
  if (!ok) await subscription.unsubscribe();
}
