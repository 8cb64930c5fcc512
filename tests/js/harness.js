/**
 * What the tests of scripts share: a list of tests, comparisons, a clock that is moved by hand, and chance with a seed.
 * A test file imports this and the module under test, and registers each test at the beginning of a line, because
 * `test_scripts.py` reads the names from the text.
 */

/** The tests of each file that is loaded, by name. @type {Map<string, Map<string, () => unknown>>} */
const files = new Map();
/** Those of the file that is being loaded. @type {Map<string, () => unknown>} */
let tests = new Map();

/** What the page shows before any test. */
const shown = [...document.body.childNodes];

/** The page's own complaints since they were last taken. @type {string[]} */
const complaints = [];
addEventListener("error", ({message, error}) => complaints.push(`uncaught: ${described(error ?? message)}`));
addEventListener("unhandledrejection", ({reason}) => complaints.push(`unhandled: ${described(reason)}`));

/**
 * Register a test. It may be asynchronous, and it fails by throwing.
 * @param {string} name
 * @param {() => unknown} run
 */
export function test(name, run) {
  if (tests.has(name)) throw new Error(`two tests are named: ${name}`);
  tests.set(name, run);
}

/**
 * Load a file on a page as it was before any test. Return the names of its tests.
 * @param {string} file
 */
export async function load(file) {
  document.body.replaceChildren(...shown);
  tests = new Map();
  files.set(file, tests);
  await import(file);
  return [...tests.keys()];
}

/**
 * Run a test of a file. Return what is wrong with it, one text each; nothing when it passes.
 * @param {string} file
 * @param {string} name
 */
export async function run(file, name) {
  complaints.length = 0;
  const body = files.get(file)?.get(name);
  if (!body) return [`no test is named: ${name}`];
  const wrong = [];
  try {
    await body();
  } catch (error) {
    wrong.push(described(error));
  }
  // The browser reports an unhandled rejection after the task in which it arose.
  await new Promise((resolve) => setTimeout(resolve));
  return [...wrong, ...complaints];
}

/**
 * Run a check for every case, and name those that fail.
 * @template const Case
 * @param {Iterable<Case>} cases
 * @param {(each: Case) => unknown} check
 */
export async function each(cases, check) {
  const failures = [];
  let count = 0;
  for (const item of cases) {
    count += 1;
    try {
      await check(item);
    } catch (error) {
      failures.push(`case ${text(item)}: ${described(error)}`);
    }
  }
  if (count === 0) throw new Error("there are no cases");
  if (failures.length) throw new Error(failures.join("\n"));
}

/** Return what was thrown as text, with the stack of an error. @param {unknown} thrown */
function described(thrown) {
  return thrown instanceof Error ? thrown.stack ?? String(thrown) : String(thrown);
}

// --- comparisons ----------------------------------------------------------------------------
/**
 * Compare by value, deeply. The order of an object's keys does not count; undefined is not null.
 * @param {unknown} actual
 * @param {unknown} expected
 * @param {string} [about]
 */
export function equal(actual, expected, about = "") {
  const [was, should] = [text(actual), text(expected)];
  if (was !== should) throw new Error(`${about && `${about}: `}was ${was}\n  expected ${should}`);
}

/**
 * @param {unknown} isTrue
 * @param {string | (() => string)} about what is wrong when it is not
 */
export function ok(isTrue, about) {
  if (!isTrue) throw new Error(typeof about === "function" ? about() : about);
}

/**
 * Compare numbers within a share of the expected one.
 * @param {number | null} actual
 * @param {number} expected
 * @param {number} [share]
 */
export function near(actual, expected, share = 1e-6) {
  const isNear = typeof actual === "number" && Math.abs(actual - expected) <= Math.abs(expected) * share;
  ok(isNear, `was ${actual}, expected ${expected} within ${share}`);
}

/**
 * @param {() => unknown} run
 * @param {string} message the error as text, as in "RangeError: too large"
 */
export function throws(run, message) {
  let raised = null;
  try {
    run();
  } catch (error) {
    raised = String(error);
  }
  equal(raised, message);
}

/** Numbers of the nodes of pages that were compared; a node is equal to itself alone. @type {WeakMap<object, number>} */
const nodes = new WeakMap();
let nodeCount = 0;

/** @param {Node} node */
function nodeText(node) {
  if (!nodes.has(node)) nodes.set(node, nodeCount += 1);
  return `${node.nodeName} (node ${nodes.get(node)})`;
}

/** Return a value as text in which equal values are equal. @param {unknown} value @returns {string} */
function text(value) {
  if (value instanceof Map) return `Map ${text([...value])}`;
  if (value instanceof Set) return `Set ${text([...value])}`;
  if (Array.isArray(value)) return `[${value.map(text).join(", ")}]`;
  // A node of another frame is no instance of this frame's Node.
  if (typeof value === "object" && value !== null && "nodeType" in value) return nodeText(/** @type {Node} */ (value));
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${key}: ${text(item)}`).join(", ")}}`;
  }
  return typeof value === "string" ? JSON.stringify(value) : Object.is(value, -0) ? "0" : String(value);
}

// --- time and chance ------------------------------------------------------------------------
/** Time that stands still until it is moved. It has the timer functions of a browser. */
export class ManualClock {
  now_ms = 0;
  /** @type {Map<number, {at_ms: number, run: () => void}>} */
  #due = new Map();
  #nextId = 1;
  setTimeout = (/** @type {() => void} */ run, /** @type {number} */ wait_ms) => {
    this.#due.set(this.#nextId, {at_ms: this.now_ms + wait_ms, run});
    return this.#nextId++;
  };
  clearTimeout = (/** @type {number | undefined} */ id) => {
    if (id !== undefined) this.#due.delete(id);
  };

  /** Run what becomes due, in order, also what that sets in turn. @param {number} span_ms */
  advance(span_ms) {
    const end_ms = this.now_ms + span_ms;
    for (let next = this.#next(end_ms); next; next = this.#next(end_ms)) {
      const [id, {at_ms, run}] = next;
      this.now_ms = at_ms;
      this.#due.delete(id);
      run();
    }
    this.now_ms = end_ms;
  }

  /** @param {number} end_ms */
  #next(end_ms) {
    const due = [...this.#due].filter(([, {at_ms}]) => at_ms <= end_ms);
    return due.sort(([a, timer], [b, other]) => timer.at_ms - other.at_ms || a - b)[0];
  }
}

/** Let everything happen that waits for promises only. @param {number} [turns] */
export async function settled(turns = 30) {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
}

/**
 * Wait until something is true, such as what a module does that the page loads late. Its time is the browser's.
 * @param {() => unknown} isTrue
 * @throws {Error} it is not true after ten seconds
 */
export async function until(isTrue) {
  for (let turn = 0; !isTrue(); turn += 1) {
    if (turn === 1000) throw new Error(`never true: ${String(isTrue)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/**
 * Return a source of numbers in [0, 1), the same for the same seed (a linear congruential generator).
 * @param {number} seed
 */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** Return the differences of neighbours. @param {number[]} numbers */
export function steps(numbers) {
  return numbers.slice(1).map((number, index) => number - (numbers[index] ?? NaN));
}
