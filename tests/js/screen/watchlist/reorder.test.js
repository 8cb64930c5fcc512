/** Moving lines by hand: what the keyboard and a drag ask for. */

import {Reorder} from "/static/js/screen/watchlist/reorder.js";
import {equal, test} from "../../harness.js";

const SYMBOLS = ["A", "B", "C"];

function table(isPossible = true) {
  const body = document.createElement("tbody");
  for (const symbol of SYMBOLS) {
    const line = document.createElement("tr");
    line.dataset.symbol = symbol;
    line.append(document.createElement("td"));
    body.append(line);
  }
  const holder = document.createElement("table");
  holder.append(body);
  document.body.append(holder);
  const moves = [];
  new Reorder(body, {lines: () => SYMBOLS, isPossible: () => isPossible, onmove: (...move) => moves.push(move.join(" "))});
  return {cells: [...body.querySelectorAll("td")], moves, holder};
}

const press = (cell, key, held) => cell.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true, ...held}));
const BOTH = {altKey: true, shiftKey: true};

function drag(from, to, isBelow) {
  const {top, height} = to.closest("tr").getBoundingClientRect();
  const at = {clientY: isBelow ? top + height : top, bubbles: true, cancelable: true};
  from.dispatchEvent(new PointerEvent("pointerdown", {bubbles: true}));
  from.dispatchEvent(new DragEvent("dragstart", {bubbles: true}));
  to.dispatchEvent(new DragEvent("dragover", at));
  const marks = [...document.querySelectorAll(".drop-before, .drop-after")].map((line) => `${line.dataset.symbol} ${line.className}`);
  to.dispatchEvent(new DragEvent("drop", at));
  from.dispatchEvent(new DragEvent("dragend", {bubbles: true}));
  return marks;
}

test("Alt, Shift and an arrow move a line by one, and not beyond the ends", () => {
  const {cells, moves, holder} = table();
  press(cells[0], "ArrowDown", BOTH);
  press(cells[0], "ArrowUp", BOTH);
  press(cells[2], "ArrowDown", BOTH);
  press(cells[2], "ArrowUp", BOTH);
  press(cells[1], "ArrowUp", {altKey: true});
  press(cells[1], "ArrowUp", {shiftKey: true});
  press(cells[1], "Home", BOTH);
  equal(moves, ["A 1", "C 1"]);
  holder.remove();
});

test("a dragged line goes before or after the one it is dropped on", () => {
  const {cells, moves, holder} = table();
  equal(drag(cells[0], cells[2], false), ["C drop-before"]);
  equal(drag(cells[0], cells[2], true), ["C drop-after"]);
  equal(drag(cells[2], cells[0], false), ["A drop-before"]);
  drag(cells[1], cells[1], false);
  equal(moves, ["A 1", "A 2", "C 0"]);
  equal(document.querySelectorAll(".drop-before, .drop-after").length, 0);
  holder.remove();
});

test("what is dragged is also a text for other programs: a symbol, or the words of a title", () => {
  const {cells, holder} = table();
  const row = document.createElement("tr");
  row.dataset.section = "Late";
  row.append(document.createElement("td"));
  holder.querySelector("tbody").append(row);
  const textOf = (cell) => {
    const dataTransfer = new DataTransfer();
    cell.dispatchEvent(new DragEvent("dragstart", {bubbles: true, dataTransfer}));
    cell.dispatchEvent(new DragEvent("dragend", {bubbles: true}));
    return dataTransfer.getData("text/plain");
  };
  equal([textOf(cells[1]), textOf(row.firstElementChild)], ["B", "Late"]);
  holder.remove();
});

test("nothing moves while another order is shown", () => {
  const {cells, moves, holder} = table(false);
  press(cells[0], "ArrowDown", BOTH);
  equal(drag(cells[0], cells[2], true), []);
  equal([moves, cells[0].parentElement.draggable], [[], false]);
  holder.remove();
});
