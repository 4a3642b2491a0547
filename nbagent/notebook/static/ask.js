// @ts-check
/** One question that is open: its controls, and what becomes of an answer that was given. */

import { Approving } from "./approving.js";
import { Choosing } from "./choosing.js";
import { uniqueId } from "./controls.js";
import { keepDraft, keptDraft } from "./drafts.js";
import { duration } from "./duration.js";
import { FillingIn } from "./filling_in.js";
import { element } from "./html.js";
import { focusedElement, nothingHasFocus } from "./typing.js";
import { Writing } from "./writing.js";

/**
 * @typedef {{value: string, label: string}} Choice
 * @typedef {{
 *   name: string, label: string, description: string, hint: string, kind: string,
 *   required: boolean, default: string | boolean | string[] | null, choices: Choice[],
 * }} Field
 * @typedef {{
 *   id: string, kind: "text" | "choice" | "form" | "approval", name: string, tool: string,
 *   choices: Choice[], fields: Field[], default: string | null, until: number | null,
 *   otherwise: string | null,
 * }} Question What `question_fields()` in nbagent/render/question_fields.py gives.
 * @typedef {{
 *   submit(raw: unknown): void, changed(): void, appeared(): void, tell(text: string): void,
 *   statusId: string,
 * }} Asking What controls may do.
 * @typedef {{
 *   element: HTMLElement,
 *   first(): HTMLElement | undefined,
 *   draft(): unknown,
 *   restore(draft: any): void,
 *   lock(locked: boolean): void,
 *   mark(wrong: boolean, errors: Record<string, string>): HTMLElement | undefined,
 * }} Controls `first` is what takes the focus: undefined where a key must not answer by accident.
 *   `draft` is what `restore` brings back. `mark` shows whether the answer was wrong, and where;
 *   it gives the first control that an error is about.
 * @typedef {{
 *   element: HTMLElement, start: number | null, end: number | null,
 * }} Held The element that had the focus, with its selection.
 */

/** Milliseconds in which keys and clicks that were meant for something else do not answer. */
const NOT_MEANT = 400;
/** Milliseconds after which an answer that nobody took is said to be lost. */
const UNHEARD = 4_000;

/** The part of the window that a question may fill, to be brought in sight as a whole. */
const ROOM = 0.7;

/** @implements {Asking} */
export class Ask {
  root = element("div", "nbagent-controls", { role: "group", tabindex: "-1" });
  statusId = uniqueId();
  #status = element("p", "nbagent-ask-status", { id: this.statusId });
  // Counted for the eyes alone: said once, when the question comes.
  #until = element("p", "nbagent-ask-until", { role: "timer", "aria-live": "off" });
  #locked = false;
  #appearedAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #unheard;
  /** @type {Held | undefined} */
  #held;

  /**
   * @param {Question} question
   * @param {(raw: unknown) => void} send Throws where there is no connection.
   * @param {(text: string) => void} say Says something to those who do not see the page.
   * @param {AbortSignal} signal
   */
  constructor(question, send, say, signal) {
    this.question = question;
    this.send = send;
    this.say = say;
    this.controls = this.#controls(signal);
    this.root.setAttribute("aria-label", question.name);
    this.root.append(this.controls.element, this.#status, this.#until);
    for (const name of ["click", "keydown", "mousedown", "beforeinput"]) {
      this.root.addEventListener(name, (event) => this.#guard(event), { signal, capture: true });
    }
    for (const name of ["input", "change"]) {
      this.root.addEventListener(name, () => this.changed(), { signal });
    }
    const draft = keptDraft(question.id);
    if (draft !== undefined) this.controls.restore(draft);
  }

  /** @param {AbortSignal} signal @returns {Controls} */
  #controls(signal) {
    switch (this.question.kind) {
      case "choice":
        return new Choosing(this.question.choices, this, signal);
      case "form":
        return new FillingIn(this.question.fields, this, signal);
      case "approval":
        return new Approving(this.question.tool, this, signal);
      default:
        return new Writing(this.question.default ?? "", this, signal);
    }
  }

  /** Show it in its place, perhaps again. @param {Element} place */
  put(place) {
    place.replaceChildren(this.root);
    // What is answered by a press has perhaps come under a finger that was on its way.
    if (!this.#appearedAt || !this.controls.first()) this.appeared();
    const held = this.#held;
    this.#held = undefined;
    if (!held || !nothingHasFocus(this.root)) return;
    held.element.focus({ preventScroll: true });
    if (isWritten(held.element)) held.element.setSelectionRange(held.start, held.end);
  }

  /** Remember the focus, before the element that it is in is put anew. */
  hold() {
    if (!this.hasFocus) return;
    const focused = /** @type {HTMLElement} */ (focusedElement(this.root));
    const written = isWritten(focused);
    this.#held = {
      element: focused,
      start: written ? focused.selectionStart : null,
      end: written ? focused.selectionEnd : null,
    };
  }

  /** Whether the focus is in it, or was when its element was taken away. */
  get hasFocus() {
    return this.#held !== undefined || this.root.contains(focusedElement(this.root));
  }

  focus() {
    const focused = this.controls.first() ?? this.root;
    focused.focus({ preventScroll: true });
    // All of the question is brought in sight, or as much of it as there is room for.
    const item = this.root.closest(".nbagent-item") ?? this.root;
    const whole = [item, this.root].find(({ clientHeight }) => clientHeight < innerHeight * ROOM);
    (whole ?? focused).scrollIntoView({ block: "nearest" });
  }

  /** No longer open. */
  close() {
    clearTimeout(this.#unheard);
  }

  /** @param {unknown} raw What the page makes of the answer. */
  submit(raw) {
    if (this.#locked) return;
    if (this.#isEarly) return this.#show("Not sent yet. Press again to send it.");
    this.#lock(true);
    this.controls.mark(false, {});
    this.#show("Sending…");
    try {
      this.send(raw);
    } catch (error) {
      console.warn("nbagent: an answer could not be sent.", error);
      this.#lost("The answer could not be sent: the connection to the kernel is lost.");
      return;
    }
    const silence = "Nothing heard from the kernel: it is busy, or the connection is lost.";
    this.#unheard = setTimeout(() => this.#lost(silence), UNHEARD);
  }

  /** The answer does not fit. @param {string} message @param {Record<string, string>} errors */
  refused(message, errors) {
    this.#lock(false);
    const first = this.controls.mark(true, errors);
    this.#show(first ? "Please look at what is marked." : message, true);
    this.say(message);
    if (!this.hasFocus && !nothingHasFocus(this.root)) return;
    (first ?? this.controls.first() ?? this.root).focus();
  }

  changed() {
    keepDraft(this.question.id, this.controls.draft());
  }

  /** Controls have come in sight: what is pressed right now was not meant for them. */
  appeared() {
    this.#appearedAt = performance.now();
  }

  /** Say something beside the controls. @param {string} text */
  tell(text) {
    this.#show(text);
    this.say(text);
  }

  /** @param {number} now The kernel's time, in milliseconds. */
  tick(now) {
    const { until, otherwise } = this.question;
    if (until === null) return;
    const left = duration(until - now);
    const text = otherwise
      ? `${otherwise.charAt(0).toUpperCase()}${otherwise.slice(1)} in ${left}`
      : `${left} left to answer`;
    if (this.#until.textContent !== text) this.#until.textContent = text;
  }

  /** @param {string} why */
  #lost(why) {
    clearTimeout(this.#unheard);
    this.#lock(false);
    this.#show(`${why} You can send it again.`, true);
    this.say(`${why} You can send it again.`);
  }

  /** @param {boolean} locked */
  #lock(locked) {
    clearTimeout(this.#unheard);
    this.#locked = locked;
    this.root.classList.toggle("nbagent-sending", locked);
    this.root.setAttribute("aria-busy", String(locked));
    for (const button of this.root.querySelectorAll("button")) {
      // Not disabled, which would take the focus away from who pressed it.
      if (locked) button.setAttribute("aria-disabled", "true");
      else button.removeAttribute("aria-disabled");
    }
    this.controls.lock(locked);
  }

  /** @param {string} text @param {boolean} bad */
  #show(text, bad = false) {
    this.#status.textContent = text;
    this.#status.classList.toggle("nbagent-bad", bad);
  }

  /**
   * Let nothing through that was not meant, or comes while an answer is on its way.
   * @param {Event} event
   */
  #guard(event) {
    if (this.#locked ? !staysHarmless(event) : this.#isByAccident(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /** Whether an event presses a button, and was not meant to. @param {Event} event */
  #isByAccident(event) {
    if (!(event.target instanceof Element) || !event.target.closest("button")) return false;
    if (event instanceof KeyboardEvent) return presses(event) && (event.repeat || this.#isEarly);
    return event.type === "click" && this.#isEarly;
  }

  /** Whether what is pressed now was perhaps meant for something else. */
  get #isEarly() {
    return performance.now() - this.#appearedAt < NOT_MEANT;
  }
}

/** Whether a key presses a button. @param {KeyboardEvent} event */
function presses({ key }) {
  return key === "Enter" || key === " ";
}

/** Whether an event changes nothing in controls. @param {Event} event */
function staysHarmless(event) {
  if (event instanceof KeyboardEvent) {
    return event.key === "Tab" || ((event.ctrlKey || event.metaKey) && !presses(event));
  }
  return event.type === "mousedown" && !(event.target instanceof HTMLSelectElement);
}

/**
 * @param {EventTarget | null} target
 * @returns {target is HTMLTextAreaElement | HTMLInputElement} Whether it holds written text.
 */
function isWritten(target) {
  if (target instanceof HTMLTextAreaElement) return true;
  return target instanceof HTMLInputElement && target.type === "text";
}
