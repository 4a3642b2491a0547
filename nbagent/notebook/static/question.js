// @ts-check
/**
 * The questions that are open: where each shows its controls, which has the focus, and what is
 * said to those who do not see the page.
 */

import { Ask } from "./ask.js";
import { dropDraft } from "./drafts.js";
import { duration } from "./duration.js";
import { element } from "./html.js";
import { focusedElement, nothingHasFocus, Typing } from "./typing.js";

/** @typedef {import("./ask.js").Question} Question */

/** So many announcements stand in the page; screen readers have read the older ones. */
const ANNOUNCEMENTS = 3;
/** What has the whole attention of a person. */
const DIALOG = "dialog, .jp-Dialog, [role='dialog'], [role='menu']";

export class Questions {
  /** What is said of questions. It stands outside of the transcript, which is busy as a rule. */
  announcer = element("div", "nbagent-announcer", { role: "status", "aria-atomic": "false" });
  /** @type {Map<number, Ask>} By the index of the item. */
  #open = new Map();
  #typing;
  #now = Date.now();

  /**
   * @param {(content: object) => void} send Sends a message to Python.
   * @param {HTMLElement} log The transcript's element.
   * @param {AbortSignal} signal Ends it.
   */
  constructor(send, log, signal) {
    this.send = send;
    this.log = log;
    this.signal = signal;
    this.#typing = new Typing(signal);
    signal.addEventListener("abort", () => {
      for (const ask of this.#open.values()) ask.close();
    });
  }

  /**
   * An item asks: show the controls.
   * @param {number} index @param {Question} question @param {Element} item
   */
  ask(index, question, item) {
    const place = item.querySelector(".nbagent-ask");
    if (!place) return;
    let ask = this.#open.get(index);
    if (ask?.question.id !== question.id) {
      ask?.close();
      const { id } = question;
      const send = (/** @type {unknown} */ value) => this.send({ answer: id, value });
      ask = new Ask(question, send, (text) => this.#say(text), this.signal);
      this.#open.set(index, ask);
      ask.put(place);
      ask.tick(this.#now);
      this.#arrived(ask);
    } else if (!place.contains(ask.root)) {
      ask.put(place);
    }
  }

  /** @param {number} index @param {string} message @param {Record<string, string>} errors */
  refused(index, message, errors) {
    this.#open.get(index)?.refused(message, errors);
  }

  /**
   * An item is put anew. The controls move at once, so that who writes in them hardly notices;
   * where there is no place for them any more, the question is not open any more.
   * @param {number} index @param {Element} old @param {Element} item
   * @returns {() => void} To be called when `item` is in the page.
   */
  move(index, old, item) {
    const ask = this.#open.get(index);
    if (!ask || !old.contains(ask.root)) return () => {};
    ask.hold();
    const place = item.querySelector(".nbagent-ask");
    if (place) return () => ask.put(place);
    return () => this.#end(index, ask, item);
  }

  /** All items go, and come again in a moment: who writes keeps their place. */
  hold() {
    for (const ask of this.#open.values()) ask.hold();
  }

  /** Forget what did not come again. @param {boolean} running */
  settle(running) {
    for (const [index, ask] of this.#open) {
      if (!running || !this.log.contains(ask.root)) this.#end(index, ask, this.log);
    }
  }

  /** @param {number} now The kernel's time, in milliseconds. */
  tick(now) {
    this.#now = now;
    for (const ask of this.#open.values()) ask.tick(now);
  }

  /** @param {Ask} ask */
  #arrived(ask) {
    if (this.#open.size > 1 || this.#isBusy()) return this.#announce(ask);
    this.#typing.whenKnown(this.log, (elsewhere) => {
      if (elsewhere || this.#isBusy()) this.#announce(ask);
      else if (this.log.contains(ask.root)) ask.focus();
    });
  }

  /** Whether the reader is at a control here, or at a dialog, from which they are not taken. */
  #isBusy() {
    if (document.activeElement?.closest(DIALOG)) return true;
    const focused = focusedElement(this.log);
    if (!focused || !this.log.contains(focused)) return false;
    return focused.matches("textarea, input, select");
  }

  /** @param {Ask} ask */
  #announce({ question: { name, until, otherwise } }) {
    let text = name;
    if (until !== null) text += `. ${duration(until - this.#now)} to answer`;
    if (until !== null && otherwise) text += `, else ${otherwise}`;
    this.#say(text);
  }

  /**
   * A question is no longer open.
   * @param {number} index @param {Ask} ask @param {Element} item What stands in its place now.
   */
  #end(index, ask, item) {
    const hadFocus = ask.hasFocus;
    ask.close();
    dropDraft(ask.question.id);
    this.#open.delete(index);
    if (!hadFocus || !nothingHasFocus(this.log)) return;
    const [next] = [...this.#open].sort(([one], [other]) => one - other);
    if (next) return next[1].focus();
    // The keys of a person who is still typing must not become shortcuts of the notebook.
    const summary = item.querySelector(":scope > details > summary");
    const rest = /** @type {HTMLElement} */ (summary ?? item);
    if (!summary) rest.tabIndex = -1;
    rest.focus({ preventScroll: true });
  }

  /** @param {string} text */
  #say(text) {
    const said = element("p", "");
    said.textContent = text;
    this.announcer.append(said);
    if (this.announcer.childElementCount > ANNOUNCEMENTS) this.announcer.firstElementChild?.remove();
  }
}
