// @ts-check
/**
 * A drop zone that a running cell waits for; an anywidget. nbagent/notebook/drop.py is the other
 * side. Messages beside those of upload.js:
 *
 * From Python, `{"drop": "open", "prompt": "…", "hint": "…"}` shows it, and
 * `{"drop": "ended", "text": "…"}` leaves it as a list. To Python, `{"drop": "hello"}` asks for
 * the former, and `{"drop": "done", "ids": […]}` or `{"drop": "cancel"}` end it.
 */

import { sizeText } from "./file_names.js";
import { element } from "./html.js";
import { ownKeys } from "./keys.js";
import { Tray } from "./tray.js";
import { Uploads } from "./upload.js";

/**
 * @typedef {import("./feed.js").Model} Model
 * @typedef {{drop: string, prompt?: string, hint?: string, text?: string}} DropMessage
 */

/** Milliseconds after which a page that has heard nothing asks. */
const ASK_TO_OPEN = 400;
/** Milliseconds after which Done and Cancel can be pressed again, if the cell still waits. */
const PRESS_AGAIN = 5_000;

export default () => {
  const drop = new Drop();
  return {
    /** @param {{model: Model}} context */
    initialize: ({ model }) => drop.open(model),
    /** @param {{model: Model, el: HTMLElement}} context */
    render: ({ el }) => new DropZone(el, drop).open(),
  };
};

/** What Python has said, for all views of the model. */
class Drop {
  uploads = new Uploads();
  /** @type {DropMessage | undefined} The last message. */
  latest;
  /** @type {Set<DropZone>} */
  views = new Set();
  /** @type {Model | undefined} */
  #model;

  /** @param {Model} model @returns {() => void} Ends it. */
  open(model) {
    /** @param {DropMessage} message */
    const receive = (message) => {
      if (message?.drop !== "open" && message?.drop !== "ended") return;
      this.latest = message;
      for (const view of this.views) view.take(message);
    };
    this.#model = model;
    model.on("msg:custom", receive);
    const close = this.uploads.open(model);
    const timer = setTimeout(() => {
      if (!this.latest) this.send({ drop: "hello" });
    }, ASK_TO_OPEN);
    return () => {
      clearTimeout(timer);
      close();
      model.off("msg:custom", receive);
    };
  }

  /** @param {object} message */
  send(message) {
    this.#model?.send(message);
  }
}

/** One view of it. */
class DropZone {
  #listeners = new AbortController();
  #root = element("div", "nbagent-drop", { role: "group" });
  #zone = element("div", "nbagent-zone", { tabindex: "0", role: "group" });
  #prompt = element("p", "nbagent-zone-prompt");
  #hint = element("p", "nbagent-zone-hint");
  #done = element("button", "nbagent-button nbagent-primary", { type: "button" });
  #cancel = element("button", "nbagent-button", { type: "button" });
  #sum = element("span", "nbagent-sum");
  #bar = element("div", "nbagent-drop-bar");

  /** @param {HTMLElement} el @param {Drop} drop */
  constructor(el, drop) {
    this.el = el;
    this.drop = drop;
    this.tray = new Tray(drop.uploads, this.#root, this.#listeners.signal);
    const how = element("p", "nbagent-zone-how");
    how.append("Paste, or ", this.tray.chooser);
    this.#zone.append(element("span", "nbagent-zone-mark"), this.#prompt, how, this.#hint);
    this.#done.textContent = "Done";
    this.#cancel.textContent = "Cancel";
    this.#bar.append(this.#done, this.#cancel, this.#sum);
    this.#root.append(this.#zone, this.tray.chips, this.#bar, this.tray.status);
    this.#root.hidden = true;
  }

  /** @returns {() => void} Ends it. */
  open() {
    const { signal } = this.#listeners;
    ownKeys(this.#root, signal);
    this.drop.uploads.listen(() => this.#count(), signal);
    this.#done.addEventListener("click", () => this.#end(true), { signal });
    this.#cancel.addEventListener("click", () => this.#end(false), { signal });
    this.drop.views.add(this);
    this.el.append(this.#root);
    if (this.drop.latest) this.take(this.drop.latest);
    return () => {
      this.#listeners.abort();
      this.drop.views.delete(this);
      this.#root.remove();
    };
  }

  /** @param {DropMessage} message */
  take({ drop, prompt = "", hint = "", text = "" }) {
    const first = this.#root.hidden;
    this.#root.hidden = false;
    if (drop === "ended") {
      this.tray.close();
      this.#zone.remove();
      this.#bar.replaceChildren(text);
      return;
    }
    this.#root.setAttribute("aria-label", prompt);
    this.#zone.setAttribute("aria-label", `${prompt}. Paste, or choose files.`);
    this.#prompt.textContent = prompt;
    this.#hint.textContent = hint;
    this.#cancel.removeAttribute("aria-disabled");
    this.#count();
    if (first && !isWriting()) this.#zone.focus({ preventScroll: true });
  }

  /** Bring the buttons up to date. */
  #count() {
    const { ready, underway } = this.drop.uploads;
    const bytes = ready.reduce((sum, { size }) => sum + size, 0);
    const files = ready.length === 1 ? "1 file" : `${ready.length} files`;
    const sum = ready.length ? `${files}, ${sizeText(bytes)}` : "";
    this.#sum.textContent = underway && sum ? `${sum}; more on the way` : sum;
    this.#setDisabled(this.#done, underway || !ready.length);
  }

  /** @param {boolean} done */
  #end(done) {
    const pressed = done ? this.#done : this.#cancel;
    if (pressed.hasAttribute("aria-disabled")) return;
    const ids = this.drop.uploads.ready.map(({ id }) => id);
    this.#setDisabled(this.#done, true);
    this.#setDisabled(this.#cancel, true);
    this.drop.send(done ? { drop: "done", ids } : { drop: "cancel" });
    setTimeout(() => {
      this.#cancel.removeAttribute("aria-disabled");
      this.#count();
    }, PRESS_AGAIN);
  }

  /**
   * Not the attribute `disabled`, which would take the focus away from who pressed it.
   * @param {HTMLElement} button @param {boolean} disabled
   */
  #setDisabled(button, disabled) {
    if (disabled) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
}

/** Whether somebody is writing elsewhere in the page, where the focus must stay. */
function isWriting() {
  const { activeElement } = document;
  return (
    activeElement instanceof HTMLElement &&
    (activeElement.isContentEditable || activeElement.matches("input, textarea, select"))
  );
}
