// @ts-check
/**
 * Finds commands by what somebody types, the best first.
 * Pure. Must not know what a command does.
 */

/** `kind`: "Page", "List", "Instrument" and so on. `words`: what else it is found by. @typedef {{id: string, label: string, kind: string, words: string}} Findable */

/** What a kind is worth when the words fit equally well. @type {readonly string[]} */
const KINDS = Object.freeze(["Action", "Page", "List", "Instrument", "Alert"]);
const MOST_RECENT = 5;

/**
 * Return the commands that have a word for each word of the text, at most so many.
 * @template {Findable} T
 * @param {readonly T[]} commands
 * @param {string} text
 * @param {number} most
 * @returns {T[]}
 */
export function found(commands, text, most) {
  const wanted = wordsOf(text);
  const scored = commands.map((command) => ({command, score: score(command, wanted)})).filter((each) => each.score > 0);
  // Sorting is stable, so what fits equally well stays in its order.
  return scored.sort((one, other) => other.score - one.score).slice(0, most).map(({command}) => command);
}

/**
 * Return what to show before anything is typed: what was chosen lately, then actions, pages and lists.
 * @template {Findable} T
 * @param {readonly T[]} commands
 * @param {readonly string[]} recent ids, the last one first
 * @returns {T[]}
 */
export function suggested(commands, recent) {
  const byId = new Map(commands.map((command) => [command.id, command]));
  const again = recent.flatMap((id) => byId.get(id) ?? []);
  const short = commands.filter((command) => command.kind !== "Instrument" && command.kind !== "Alert" && !again.includes(command));
  return [...again, ...short];
}

/** Return the recent ids after another choice. @param {readonly string[]} recent @param {string} id */
export function afterChoice(recent, id) {
  return [id, ...recent.filter((each) => each !== id)].slice(0, MOST_RECENT);
}

/** Return 0 when a word is missing. @param {Findable} command @param {string[]} wanted */
function score({label, kind, words}, wanted) {
  const own = wordsOf(label);
  const all = [...own, ...wordsOf(`${kind} ${words}`)];
  let sum = 0;
  for (const word of wanted) {
    const fit = fitOf(word, own, all);
    if (fit === 0) return 0;
    sum += fit;
  }
  return sum + (KINDS.length - KINDS.indexOf(kind)) / 10;
}

/** @param {string} word @param {string[]} own @param {string[]} all */
function fitOf(word, own, all) {
  if (own[0] === word) return 6;
  if (own.includes(word)) return 4;
  if (own[0]?.startsWith(word)) return 3;
  if (all.some((each) => each.startsWith(word))) return 2;
  return all.some((each) => each.includes(word)) ? 1 : 0;
}

/** Symbols such as BRK.B and BTC/USD stay whole. @param {string} text */
function wordsOf(text) {
  return text.toLowerCase().split(/[\s,()\u201c\u201d]+/u).filter(Boolean);
}
