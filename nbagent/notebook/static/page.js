// @ts-check
/** The transcript's elements, and the operations of nbagent/render/live.py on them. */

import { appendCode, putBlock, putRows, removeBlock } from "./blocks.js";
import { element, fragment } from "./html.js";
import { Questions } from "./question.js";

/**
 * @typedef {import("./blocks.js").Block} Block
 * @typedef {{
 *   state: "running" | "done" | "failed" | "stopped", started_at: number | null,
 *   elapsed: number | null, prompt_tokens: number, completion_tokens: number,
 *   token_shares: string[], teams: import("./members.js").Team[],
 *   notices_html: string, footer_html: string,
 * }} Status
 * @typedef {{element: Element, body: Element | null, blocks: Map<number, Block>}} Item
 */

/** The transcript's elements. */
export class Page {
  log = element("div", "nbagent nbagent-running", {
    role: "log", "aria-live": "polite", "aria-busy": "true", "aria-label": "Transcript",
  });
  /** @type {ChildNode[]} */
  #notices = [];
  /** @type {ChildNode[]} */
  #footer = [];
  /** Where the items end. */
  #end = document.createComment("");
  /** @type {Item[]} */
  #items = [];
  /** @type {Map<number, HTMLDetailsElement>} The cards of inner runs. */
  #inner = new Map();
  /** @type {WeakSet<Element>} The cards that the reader opened or closed. */
  #touched = new WeakSet();

  /**
   * @param {(content: object) => void} send Sends a message to Python.
   * @param {AbortSignal} signal Ends it.
   */
  constructor(send, signal) {
    this.questions = new Questions(send, this.log, signal);
    this.log.append(this.#end);
    // The keyboard opens a card by a click, too.
    this.log.addEventListener("click", (event) => this.#touch(event), { signal });
  }

  /** The element of an item. @param {number} index @returns {Element | undefined} */
  element(index) {
    return this.#items[index]?.element;
  }

  clear() {
    this.questions.hold();
    for (const { element } of this.#items.splice(0)) element.remove();
    for (const card of this.#inner.values()) card.parentElement?.remove();
    this.#inner.clear();
  }

  /** @param {Status} status */
  status(status) {
    const running = status.state === "running";
    this.log.classList.toggle("nbagent-running", running);
    this.log.setAttribute("aria-busy", String(running));
    for (const node of [...this.#notices, ...this.#footer]) node.remove();
    const notices = fragment(status.notices_html);
    const footer = fragment(running ? "" : status.footer_html);
    this.#notices = Array.from(notices.childNodes);
    this.#footer = Array.from(footer.childNodes);
    this.log.prepend(notices);
    this.log.append(footer);
    this.questions.settle(running);
  }

  /** @param {string} name @param {any[]} values */
  carryOut(name, values) {
    const [index, key, ...rest] = values;
    if (name === "item") return this.#putItem(index, key, rest[0]);
    if (name === "inner") return this.#putInner(index, key, rest[0], rest[1]);
    const item = this.#items[index];
    if (item && name === "question") {
      this.#openAround(item.element);
      return this.questions.ask(index, key, item.element);
    }
    if (name === "refused") return this.questions.refused(index, key, rest[0]);
    const block = item?.blocks.get(key);
    if (item && name === "block") putBlock(item, key, rest[0], rest[1]);
    else if (block && name === "text" && block.place.localName === "code") {
      appendCode(block.place, rest[0]);
    } else if (block && name === "text") block.place.append(rest[0]);
    else if (block && name === "rows") putRows(block, rest[0], rest[1]);
    else if (block && name === "drop") {
      removeBlock(block);
      item?.blocks.delete(key);
    }
  }

  /**
   * @param {number} key @param {string} html
   * @param {number | null} parent The inner run around it.
   * @param {number} [call] The item whose call it belongs to.
   */
  #putInner(key, html, parent, call) {
    const shell = /** @type {Element} */ (fragment(html).firstElementChild);
    const card = /** @type {HTMLDetailsElement} */ (shell.querySelector("details"));
    const known = this.#inner.get(key);
    if (!known) {
      const caller = call === undefined ? undefined : this.element(call);
      if (caller) caller.after(shell);
      else this.#append(shell, parent);
      this.#inner.set(key, card);
      return;
    }
    known.firstElementChild?.replaceChildren(...(card.firstElementChild?.childNodes ?? []));
    // Nobody loses sight of what they are in the middle of.
    if (this.#touched.has(known)) return;
    if (card.open || !known.contains(document.activeElement)) known.open = card.open;
  }

  /** Put a new element at the end. @param {Element} made @param {number | null} [inner] */
  #append(made, inner) {
    const card = this.#inner.get(inner ?? -1);
    if (card) card.lastElementChild?.append(made);
    else this.#end.before(made);
  }

  /** @param {Element} inner */
  #openAround(inner) {
    let card = inner.parentElement?.closest("details");
    for (; card; card = card.parentElement?.closest("details")) card.open = true;
  }

  /** @param {number} index @param {string} html @param {number} [inner] */
  #putItem(index, html, inner) {
    const shell = /** @type {Element} */ (fragment(html).firstElementChild);
    const old = this.#items[index]?.element;
    if (old) {
      const focus = this.#keepCards(old, shell);
      const moved = this.questions.move(index, old, shell);
      old.replaceWith(shell);
      focus?.focus({ preventScroll: true });
      moved();
    } else {
      this.#append(shell, inner);
    }
    this.#items[index] = {
      element: shell,
      body: shell.querySelector(".nbagent-body"),
      blocks: new Map(),
    };
  }

  /**
   * Leave the cards of an item as the reader has them.
   * @param {Element} old
   * @param {Element} shell
   * @returns {HTMLElement | undefined} The summary that takes the focus from the old one.
   */
  #keepCards(old, shell) {
    const cards = shell.querySelectorAll("details");
    /** @type {HTMLElement | undefined} */
    let focus;
    old.querySelectorAll("details").forEach((card, position) => {
      const next = cards[position];
      if (!next) return;
      if (this.#touched.has(card)) {
        next.open ||= card.open;
        this.#touched.add(next);
      }
      if (card.firstElementChild === document.activeElement) {
        focus = /** @type {HTMLElement} */ (next.firstElementChild);
      }
    });
    return focus;
  }

  /** @param {Event} event */
  #touch(event) {
    const target = /** @type {Element} */ (event.target);
    const card = target.closest("summary")?.closest("details");
    if (card) this.#touched.add(card);
  }
}
