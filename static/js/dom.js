// @ts-check
/**
 * What every part of the screen does with elements. Text always goes in as text, never as markup.
 * Must not know the market or the network.
 */

/**
 * Return the element with this id. A missing element is a mistake in the template, so it throws.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`page has no #${id}`);
  return element;
}

/**
 * Return the first match inside. A missing element is a mistake in the template, so it throws.
 * @param {ParentNode} parent
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function find(parent, selector) {
  const element = parent.querySelector(selector);
  if (!element) throw new Error(`page has no ${selector}`);
  return /** @type {HTMLElement} */ (element);
}

/**
 * Return a new element with attributes and children; strings become text.
 * @param {string} name
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/**
 * Return an icon of the page's sprite.
 * @param {string} name
 */
export function icon(name) {
  const svg = draw("svg", {"class": "icon", "aria-hidden": "true"});
  svg.append(draw("use", {href: `#icon-${name}`}));
  return svg;
}

/**
 * Return a new element of a drawing (SVG) with attributes.
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @returns {SVGElement}
 */
export function draw(name, attributes) {
  const element = /** @type {SVGElement} */ (document.createElementNS("http://www.w3.org/2000/svg", name));
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/**
 * Write text only when it differs: an equal write still costs a style pass. To change a text that stands there costs less
 * than to put another one in its place.
 * @param {Node} node
 * @param {string} text
 */
export function write(node, text) {
  const {firstChild} = node;
  if (node.textContent === text) return;
  if (text !== "" && firstChild instanceof Text && !firstChild.nextSibling) firstChild.data = text;
  else node.textContent = text;
}

/**
 * Hide an element or show it, only when that differs: browsers take an equal write for a change, and then ask every rule
 * with :has() again, for the whole page.
 * @param {HTMLElement} element
 * @param {boolean} isHidden
 */
export function hide(element, isHidden) {
  if (element.hidden !== isHidden) element.hidden = isHidden;
}

/**
 * Set an attribute only when it differs: browsers take an equal value for a change.
 * @param {HTMLElement} element
 * @param {string} name
 * @param {string} value
 */
export function mark(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

const PREFIX = "market.";

/**
 * Return what this browser remembers under a name, or null. Storage may be forbidden; then nothing is remembered.
 * @param {string} name
 */
export function recall(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/**
 * Keep a choice that belongs to the person and not to this browser: remember it here, and let the server hear of it
 * (pages/page_tools.js). Null is the usual choice.
 * @param {string} name
 * @param {string | null} value
 */
export function keep(name, value) {
  remember(name, value);
  dispatchEvent(new CustomEvent("kept", {detail: {name, value: value ?? ""}}));
}

/**
 * Remember a choice in this browser; null forgets it.
 * @param {string} name
 * @param {string | null} value
 */
export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // storage may be forbidden
  }
}
