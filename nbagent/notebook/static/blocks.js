// @ts-check
/** The blocks of an item's text: Markdown that grows at its end. */

import { element, fragment } from "./html.js";

/**
 * @typedef {{element: Element, place: Element, more: Part[]}} Block An element, where its
 *   content goes, and the parts in which a long table or list goes on.
 * @typedef {{whole: Element, body: Element}} Part A table and its body, or a list, twice.
 */

/** Lines of code in one element: an element that grows is laid out as a whole each time. */
const CHUNK_LINES = 40;
/** Outermost blocks in one stretch. */
const STRETCH_BLOCKS = 24;
/** Rows in one table, and items in one list. */
const TABLE_ROWS = 100;
const LIST_ITEMS = 60;

/**
 * Show an element as block `key` of an item: in place of the one it has, or as a new one.
 * @param {{body: Element | null, blocks: Map<number, Block>}} item
 * @param {number} key
 * @param {string} html
 * @param {number | null} parent The block that a new one belongs to; null for the body.
 */
export function putBlock(item, key, html, parent) {
  const element = /** @type {Element} */ (fragment(html).firstElementChild);
  const place = element.querySelector("pre > code, tbody") ?? element;
  const old = item.blocks.get(key);
  if (old) {
    old.element.before(element);
    removeBlock(old);
  } else {
    (parent === null ? lastStretch(item.body) : childPlace(item.blocks.get(parent)))?.append(element);
  }
  item.blocks.set(key, { element, place, more: [] });
}

/** @param {Block} block */
export function removeBlock(block) {
  block.element.remove();
  for (const { whole } of block.more) whole.remove();
}

/**
 * Where the next child of a block goes. A list grows as a whole, too: a long one goes on in
 * further lists.
 * @param {Block | undefined} block @returns {Element | undefined}
 */
function childPlace(block) {
  const list = block?.place;
  if (!list?.matches("ul, ol") || list.childElementCount < LIST_ITEMS) return list;
  const next = /** @type {Element} */ (list.cloneNode(false));
  if (list instanceof HTMLOListElement) {
    next.setAttribute("start", String(list.start + list.childElementCount));
  }
  list.classList.add("nbagent-cut");
  list.after(next);
  block?.more.push({ whole: next, body: next });
  return (/** @type {Block} */ (block).place = next);
}

/**
 * Where the next outermost block goes. Blocks stand in stretches of a few dozen, each of which
 * the browser leaves out of layout and painting while it is far from the screen; so a frame at
 * the end of a long answer costs no more than one at its beginning.
 * @param {Element | null} body @returns {Element | undefined}
 */
function lastStretch(body) {
  const last = body?.lastElementChild;
  if (last?.className === "nbagent-stretch" && last.childElementCount < STRETCH_BLOCKS) return last;
  const next = element("div", "nbagent-stretch");
  body?.append(next);
  return next;
}

/**
 * Append to code, in elements of so many lines each.
 * @param {Element} code @param {string} text
 */
export function appendCode(code, text) {
  let chunk = /** @type {HTMLElement | null} */ (code.querySelector(".nbagent-chunk:last-child"));
  const lines = text.match(/[^\n]*\n|[^\n]+/g) ?? [];
  if (!chunk && /[^\n]$/.test(code.textContent ?? "")) {
    // The line that came with the block goes on; a chunk would begin a new one.
    code.append(lines.shift() ?? "");
  }
  for (const line of lines) {
    if (!chunk || Number(chunk.dataset.lines ?? 0) >= CHUNK_LINES) {
      chunk = element("span", "nbagent-chunk");
      chunk.append("");
      code.append(chunk);
    }
    /** @type {Text} */ (chunk.lastChild).appendData(line);
    if (line.endsWith("\n")) chunk.dataset.lines = String(Number(chunk.dataset.lines ?? 0) + 1);
  }
}

/**
 * Change the end of a table. A browser lays a table out as a whole, so a long one goes on in
 * further tables with columns of the same width.
 * @param {Block} block @param {number} keep @param {string} html
 */
export function putRows(block, keep, html) {
  const first = { whole: block.element, body: block.place };
  let last = block.more.at(-1) ?? first;
  let surplus = last.body.childElementCount + block.more.length * TABLE_ROWS - keep;
  for (; surplus > 0; surplus -= 1) {
    last.body.lastElementChild?.remove();
    if (!last.body.childElementCount && last !== first) {
      last.whole.remove();
      block.more.pop();
      last = block.more.at(-1) ?? first;
      last.whole.classList.toggle("nbagent-cut", false);
    }
  }
  const rows = fragment(html);
  while (rows.firstElementChild) {
    if (last.body.childElementCount >= TABLE_ROWS) {
      last = continuedTable(first, last.whole);
      block.more.push(last);
    }
    last.body.append(rows.firstElementChild);
    if (last !== first && last.body.childElementCount === 1) alignColumns(first, last);
  }
}

/**
 * @param {Part} first
 * @param {Element} previous
 * @returns {Part} An empty table behind `previous`.
 */
function continuedTable(first, previous) {
  const table = /** @type {Element} */ (first.whole.cloneNode(false));
  const body = document.createElement("tbody");
  table.append(body);
  previous.classList.add("nbagent-cut");
  previous.after(table);
  return { whole: table, body };
}

/**
 * Give the only row of a table the columns of the first table.
 * @param {Part} first @param {Part} last
 */
function alignColumns(first, last) {
  const widths = Array.from(
    first.body.firstElementChild?.children ?? [],
    (cell) => cell.getBoundingClientRect().width,
  );
  Array.from(last.body.firstElementChild?.children ?? []).forEach((cell, column) => {
    /** @type {HTMLElement} */ (cell).style.width = `${widths[column]}px`;
  });
}
