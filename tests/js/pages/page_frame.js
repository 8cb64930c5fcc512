/**
 * A page of the site in a frame, as the server draws it. Its script runs there; its socket, its requests, its time, its
 * storage and whether it is seen are the test's.
 */

import {ManualClock, settled, until} from "../harness.js";

/** A socket that sends nothing anywhere; the test speaks for the server. */
class Socket extends EventTarget {
  static OPEN = 1;
  readyState = 0;
  sent = [];
  closed = null;
  constructor(url) {
    super();
    this.url = String(url);
  }
  hear(text) {
    this.dispatchEvent(new MessageEvent("message", {data: text}));
    this.onmessage?.({data: text});
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close(code) {
    this.closed = code;
    this.readyState = 3;
  }
}

/** The world of a page: what it asked for, and what it is told. */
export class PageFrame {
  sockets = [];
  requests = [];
  /** What the page failed with and nobody caught. */
  errors = [];
  /** What a request is answered with, by the beginning of its address; a function is given the request. */
  answers = {};
  /** How far somebody has set the clock of the machine. */
  jump_ms = 0;
  /** What other tabs said and the page has heard. */
  heard = [];
  #clock = new ManualClock();
  #frames = [];

  constructor(window) {
    this.window = window;
    this.document = window.document;
    this.isHidden = false;
    this.#take();
  }

  #take() {
    const {window, sockets, heard} = this;
    window.BroadcastChannel = class extends window.BroadcastChannel {
      constructor(name) {
        super(name);
        this.addEventListener("message", ({data}) => heard.push(data));
      }
    };
    window.WebSocket = class extends Socket {
      constructor(url) {
        super(url);
        sockets.push(this);
      }
    };
    window.fetch = (url, options = {}) => this.#answer(String(url), options);
    Object.defineProperty(this.document, "hidden", {get: () => this.isHidden, configurable: true});
    window.Math.random = () => 0.5;
    window.addEventListener("error", ({message}) => this.errors.push(message));
  }

  /** Stop the page's time. It goes on by `pass` alone; what is loaded late still needs `until`. */
  stopTime() {
    const {window} = this;
    const clock = this.#clock;
    const [wall_ms, began_ms] = [window.Date.now(), window.performance.now()];
    const every = new Map();
    window.setTimeout = (run, wait_ms = 0, ...given) => clock.setTimeout(() => run(...given), wait_ms);
    window.clearTimeout = clock.clearTimeout;
    window.setInterval = (run, wait_ms) => {
      const key = every.size + 1;
      const again = () => every.set(key, clock.setTimeout(() => {
        again();
        run();
      }, wait_ms));
      again();
      return key;
    };
    window.clearInterval = (key) => {
      clock.clearTimeout(every.get(key));
    };
    window.requestAnimationFrame = (run) => this.#frames.push(run);
    window.Date.now = () => wall_ms + clock.now_ms + this.jump_ms;
    Object.defineProperty(window.performance, "now", {value: () => began_ms + clock.now_ms});
  }

  #answer(url, options) {
    const request = {url, method: options.method ?? "GET", body: Object.fromEntries(options.body ?? []), headers: options.headers ?? {}, options};
    this.requests.push(request);
    const [, found = {}] = Object.entries(this.answers).find(([begin]) => url.startsWith(begin)) ?? [];
    const answer = typeof found === "function" ? found(request) : found;
    return answer instanceof Promise || answer instanceof this.window.Response ? Promise.resolve(answer) : Promise.resolve(this.json(answer));
  }

  /** Return an answer of the server. */
  json(value, status = 200) {
    return new this.window.Response(JSON.stringify(value), {status, headers: {"Content-Type": "application/json"}});
  }

  /** The edits that the page sent, as addresses and fields. */
  get posted() {
    return this.requests.filter(({method}) => method === "POST").map(({url, body}) => ({url, ...body}));
  }

  get socket() {
    return this.sockets.at(-1);
  }

  /** The commands of the last socket, without their numbers. */
  get commands() {
    return this.socket.sent.map(({method, params}) => ({method, ...params}));
  }

  /** The commands since the last look. */
  taken() {
    return this.socket.sent.splice(0).map(({method, params}) => ({method, ...params}));
  }

  /** Let the server say something over the last socket. */
  say(...frames) {
    for (const frame of frames) this.socket.hear(JSON.stringify(frame));
  }

  /** Let the server end the last socket. */
  end(code = 1006) {
    this.socket.readyState = 3;
    this.socket.onclose?.({code, reason: ""});
  }

  /** Let time pass; promises follow, and what became dirty is painted. */
  async pass(span_ms) {
    await settled();
    this.#clock.advance(span_ms);
    await settled();
    this.paint();
    await settled();
  }

  /** Let time pass in steps, with what requests bring in between. */
  async live(span_ms, step_ms = 1_000) {
    for (let passed_ms = 0; passed_ms < span_ms; passed_ms += step_ms) {
      await this.pass(step_ms);
      await new Promise((resolve) => setTimeout(resolve));
      await settled();
    }
  }

  /** Paint what is dirty. */
  paint() {
    for (const run of this.#frames.splice(0)) run(this.window.performance.now());
  }

  /** Say that the page is hidden, or seen again. */
  hide(isHidden = true) {
    this.isHidden = isHidden;
    this.document.dispatchEvent(new this.window.Event("visibilitychange"));
  }

  byId(id) {
    return this.document.getElementById(id);
  }

  find(selector) {
    return this.document.querySelector(selector);
  }

  all(selector) {
    return [...this.document.querySelectorAll(selector)];
  }

  /** The text of an element, without the blanks around it; null when it is hidden or missing. */
  text(selector) {
    const element = this.find(selector);
    return element === null || element.closest("[hidden]") ? null : element.textContent.trim().replace(/\s+/g, " ");
  }

  click(selector) {
    this.find(selector).click();
  }

  press(key, target = this.document.body, more = {}) {
    target.dispatchEvent(new this.window.KeyboardEvent("keydown", {key, bubbles: true, cancelable: true, ...more}));
  }

  /** Let the window hear of something. */
  hear(kind, more = {}) {
    this.window.dispatchEvent(Object.assign(new this.window.Event(kind), more));
  }

  /** Let another tab of this browser say that somebody signs out; the page has heard it then. */
  async signOutElsewhere() {
    const other = new BroadcastChannel("market.sign-out");
    other.postMessage("signing out");
    await this.until(() => this.heard.includes("signing out"));
    other.close();
  }

  /** Choose an option, or write a text, as people do. */
  change(element, value) {
    element.value = value;
    element.dispatchEvent(new this.window.Event("change", {bubbles: true}));
  }

  /** The titles of the toasts that are shown. */
  get toasts() {
    return this.all(".toast strong").map(({textContent}) => textContent);
  }

  /** Wait for what a late script does. */
  async until(isTrue) {
    await until(isTrue);
    await settled();
  }

  /** Return a parameter of the address. */
  asked(name) {
    return new URL(this.window.location.href).searchParams.get(name);
  }

  load(script, kind = "module") {
    return new Promise((resolve, reject) => {
      const element = this.document.createElement("script");
      if (kind) element.type = kind;
      element.onload = resolve;
      element.onerror = () => reject(new Error(`${script} was not loaded`));
      element.src = script;
      this.document.head.append(element);
    });
  }
}

/** @type {HTMLIFrameElement | null} */
let former = null;

/**
 * Open a page and run its script there.
 * @param {string} script the address of the script
 * @param {{path?: string, kept?: Record<string, string>, kind?: string, isTimeStopped?: boolean, change?: (page: PageFrame) => void}} [options]
 *   `kept`: what the browser remembers. `change` changes the page before its script runs.
 */
export async function opened(script, {path = "/", kept = {}, kind = "module", isTimeStopped = true, change = () => {}} = {}) {
  former?.remove();
  localStorage.clear();
  for (const [name, value] of Object.entries(kept)) localStorage.setItem(`market.${name}`, value);
  const frame = document.createElement("iframe");
  former = frame;
  frame.width = "1280";
  frame.height = "800";
  frame.src = `/tests/page${path}`;
  const isLoaded = new Promise((resolve) => frame.addEventListener("load", resolve, {once: true}));
  document.body.append(frame);
  await isLoaded;
  const page = new PageFrame(frame.contentWindow);
  // Tabs share a connection by name; these pages have their own.
  delete page.document.body.dataset.share;
  if (isTimeStopped) page.stopTime();
  change(page);
  await page.load(script, kind);
  await settled();
  return page;
}
