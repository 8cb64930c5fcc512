// @ts-check
/**
 * This browser as a receiver of pushes: whether it can be one, whether it is, and turning that on and off.
 * Must not know the page.
 */

import {Poster} from "../requests/post.js";

/** @typedef {import("../requests/post.js").PostResult} PostResult */

/** How the server sends and browsers take bytes as text. */
const TO_BASE64 = Object.freeze({"-": "+", "_": "/"});

export class Device {
  #places;
  #poster;

  /**
   * @param {DOMStringMap} places addresses of the server: `worker`, `key`, `on`, `off`; and `address`, at which the
   *   server pushes to this browser, if it does
   * @param {string} token of Django against forged requests (CSRF)
   */
  constructor(places, token) {
    this.#places = places;
    this.#poster = new Poster(token);
  }

  /** Say why this browser takes no pushes, or "". */
  get obstacle() {
    if (!globalThis.isSecureContext) return "Push needs a page over https.";
    const isThere = "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;
    return isThere ? "" : "This browser has no push. Some have it only for sites on the home screen.";
  }

  /** Say whether the server pushes to this browser. @returns {Promise<boolean>} */
  async isOn() {
    const subscription = await this.#subscription();
    return subscription !== null && subscription.endpoint === this.#places.address;
  }

  /** Ask the browser and then the server for pushes. @returns {Promise<PostResult>} */
  async turnOn() {
    if ((await Notification.requestPermission()) !== "granted") {
      return {isDone: false, text: "This browser does not let this site show notifications. Its settings can change that."};
    }
    try {
      return await this.#register(await this.#subscribe());
    } catch {
      return {isDone: false, text: "The push service of this browser could not be reached."};
    }
  }

  /** Take no more pushes. @returns {Promise<PostResult>} */
  async turnOff() {
    const subscription = await this.#subscription();
    const address = subscription?.endpoint ?? this.#places.address ?? "";
    await subscription?.unsubscribe();
    delete this.#places.address;
    return this.#poster.post(this.#places.off ?? "", {address});
  }

  async #subscription() {
    const registration = await navigator.serviceWorker.getRegistration(this.#places.worker ?? "");
    return registration ? registration.pushManager.getSubscription() : null;
  }

  async #subscribe() {
    const answer = await fetch(this.#places.key ?? "", {credentials: "same-origin"});
    /** @type {unknown} */
    const said = await answer.json();
    const {key} = /** @type {{key: string}} */ (said);
    await navigator.serviceWorker.register(this.#places.worker ?? "");
    // The former one may be for another key of the site.
    await (await this.#subscription())?.unsubscribe();
    const registration = await this.#active();
    return registration.pushManager.subscribe({userVisibleOnly: true, applicationServerKey: bytesOf(key)});
  }

  /** Return the registration once its script runs. @returns {Promise<ServiceWorkerRegistration>} */
  async #active() {
    const registration = await navigator.serviceWorker.register(this.#places.worker ?? "");
    const coming = registration.installing ?? registration.waiting;
    if (coming && !registration.active) {
      await new Promise((resolve) => {
        coming.addEventListener("statechange", () => {
          if (coming.state === "activated" || coming.state === "redundant") resolve(null);
        });
      });
    }
    return registration;
  }

  /** @param {PushSubscription} subscription */
  async #register(subscription) {
    const {keys = {}} = subscription.toJSON();
    const fields = {address: subscription.endpoint, push_key: keys.p256dh ?? "", push_auth: keys.auth ?? ""};
    const result = await this.#poster.post(this.#places.on ?? "", fields);
    if (result.isDone) this.#places.address = subscription.endpoint;
    else await subscription.unsubscribe();
    return result;
  }
}

/** @param {string} text in base64url */
function bytesOf(text) {
  const plain = text.replace(/[-_]/g, (letter) => TO_BASE64[/** @type {"-" | "_"} */ (letter)]);
  return Uint8Array.from(atob(plain), (letter) => letter.charCodeAt(0));
}
