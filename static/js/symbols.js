// @ts-check
/**
 * Symbols as people type them, and as they stand in addresses and in names of files.
 * Pure. Must not know which symbols exist; the server says what a symbol is (`feeds/market/symbols.py`).
 */

const SYMBOL = /^(?=.{1,24}$)\^?[A-Z0-9][A-Z0-9.&^=_-]*(?:\/[A-Z0-9][A-Z0-9.&^=_-]*)*$/;
const ASCII = /^\p{ASCII}*$/u;
/** Signs between pasted symbols, which no symbol has: also quotes, brackets and the dots of lists. */
const SEPARATORS = /[\s,;|\u3001\uff0c\uff1b\u2022\u00b7"'`\u2018-\u201f()[\]{}]+/;
/** `NASDAQ:AAPL` and `$AAPL`: other programs put an exchange or a dollar before a symbol. */
const BEFORE = /^(?:[A-Z0-9_]+:)?\$?(?=.)/;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
/** Stands for the symbol in an address of a page; no symbol has it. */
const PLACE = "~";

/** Return a typed symbol in capital letters; other letters than a to z stay, as `ß`, whose capitals are `SS`. @param {string} text */
export function readSymbol(text) {
  const plain = text.trim();
  return ASCII.test(plain) ? plain.toUpperCase() : plain;
}

/** Say whether a text can be a symbol. @param {string} text */
export function isSymbol(text) {
  return SYMBOL.test(text);
}

/** Return the symbols of a pasted text in capital letters, each once, as `symbols_in` of the server does. @param {string} text */
export function wordsIn(text) {
  const words = text.split(SEPARATORS).filter((word) => LETTER_OR_DIGIT.test(word));
  return [...new Set(words.map((word) => readSymbol(word).replace(BEFORE, "")))];
}

/** Say whether signs of lists stand in a text, and not only blanks. @param {string} text */
export function isListed(text) {
  return text.trim().split(SEPARATORS).join(" ") !== text.trim().split(/\s+/).join(" ");
}

/**
 * Return the address of a symbol's page. A slash stays: some servers refuse it when it is quoted.
 * @param {string} address with PLACE for the symbol
 * @param {string} symbol
 */
export function pageOf(address, symbol) {
  return address.replace(PLACE, encodeURIComponent(symbol).replaceAll("%2F", "/"));
}

/**
 * Return a symbol as a part of a file's name, different for each symbol: a slash becomes `_`, and `_` becomes `__`. After
 * a slash comes a letter or a digit, so the last of an odd number of `_` is the slash.
 * @param {string} symbol
 */
export function fileNameOf(symbol) {
  return symbol.replaceAll("_", "__").replaceAll("/", "_");
}
