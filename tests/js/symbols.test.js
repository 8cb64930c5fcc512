/** Symbols as people type them, and as they stand in addresses and in names of files. */

import {fileNameOf, isSymbol, pageOf, readSymbol, wordsIn} from "/static/js/symbols.js";
import {each, equal, test} from "./harness.js";

test("a typed symbol gets capital letters, but no letters that were not typed", () =>
  each([["nvx", "NVX"], [" brk.b ", "BRK.B"], ["m&m", "M&M"], ["ß", "ß"], ["ﬀ", "ﬀ"], ["ı", "ı"]], ([text, symbol]) => {
    equal(readSymbol(text), symbol);
  }));

test("the world's symbols are symbols, and what suffixes, lists and addresses need is not", () => {
  const right = ["NVX", "BRK.B", "BF-B", "BTC/USD", "M&M", "^GSPC", "ES=F", "A_B", "7203", "A".repeat(24)];
  const wrong = ["", "nvx", ".", "..", "/", "A//B", "A/../B", "/A", "A/", "A B", "NVX~15", "ORB@5m", "A%2FB", "*", "A,B", "A:B",
    "<script>", "É", "^", "A\n", "A".repeat(25)];
  equal(right.filter((symbol) => !isSymbol(symbol)), []);
  equal(wrong.filter(isSymbol), []);
});

test("a text of many symbols is read into words", () => {
  equal(wordsIn(" btc/usd, m&m;NVX\nnvx\t"), ["BTC/USD", "M&M", "NVX"]);
});

test("signs between pasted symbols and marks before them are no part of them", () =>
  each([
    ["NVX|ORB", ["NVX", "ORB"]],
    ["'NVX', \"orb\"", ["NVX", "ORB"]],
    ["[NVX] (ORB) {QAL}", ["NVX", "ORB", "QAL"]],
    ["• NVX\n• ORB", ["NVX", "ORB"]],
    ["NVX，ORB、QAL；M&M", ["NVX", "ORB", "QAL", "M&M"]],
    ["“NVX” / „ORB“", ["NVX", "ORB"]],
    ["$nvx $BRK.B", ["NVX", "BRK.B"]],
    ["nasdaq:nvx,NYSE:BRK.B,BINANCE:BTC/USD", ["NVX", "BRK.B", "BTC/USD"]],
    ["^GSPC ES=F - /", ["^GSPC", "ES=F"]],
    ["NVX\u00a0ORB", ["NVX", "ORB"]],
    [" , ; $ ", []],
  ], ([text, expected]) => equal(wordsIn(text), expected)));

test("the address of a page quotes the signs of a symbol, but not its slash", () =>
  each([["BTC/USD", "/i/BTC/USD/"], ["M&M", "/i/M%26M/"], ["^GSPC", "/i/%5EGSPC/"], ["ES=F", "/i/ES%3DF/"]], ([symbol, address]) => {
    equal(pageOf("/i/~/", symbol), address);
  }));

test("names of files differ if their symbols do", () => {
  const symbols = ["A/B", "A_B", "A__B", "A_/B", "A/B_", "A_B/C", "A/B/C", "A/B_C", "A-B", "A.B", "A&B", "AB"];
  equal(new Set(symbols.map(fileNameOf)).size, symbols.length);
  equal(symbols.map(fileNameOf).filter((name) => name.includes("/")), []);
});
