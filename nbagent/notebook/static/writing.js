// @ts-check
/** A text box to answer in. */

import { onEnter, pushButton, textBox } from "./controls.js";
import { element } from "./html.js";

/** @typedef {import("./ask.js").Asking} Asking @typedef {import("./ask.js").Controls} Controls */

/** @implements {Controls} */
export class Writing {
  element = element("div", "nbagent-writing");
  #box;
  #send = pushButton("Send", "nbagent-primary");

  /**
   * @param {string} text What it holds at first.
   * @param {Asking} asking @param {AbortSignal} signal
   */
  constructor(text, asking, signal) {
    this.asking = asking;
    this.#box = textBox(signal, {
      "aria-label": "Your answer",
      "aria-describedby": asking.statusId,
    });
    this.#box.value = text;
    const hint = element("span", "nbagent-hint");
    hint.textContent = "Enter sends, Shift+Enter begins a new line";
    const line = element("div", "nbagent-sending-line");
    line.append(this.#send, hint);
    this.element.append(this.#box, line);
    onEnter(this.#box, () => this.#enter(), signal);
    this.#send.addEventListener("click", () => asking.submit(this.#box.value), { signal });
  }

  first() {
    return this.#box;
  }

  draft() {
    return this.#box.value;
  }

  /** @param {unknown} draft */
  restore(draft) {
    if (typeof draft === "string") this.#box.value = draft;
  }

  /** @param {boolean} locked */
  lock(locked) {
    this.#box.readOnly = locked;
  }

  /** @param {boolean} wrong */
  mark(wrong) {
    if (wrong) this.#box.setAttribute("aria-invalid", "true");
    else this.#box.removeAttribute("aria-invalid");
    return undefined;
  }

  #enter() {
    if (this.#box.value.trim()) this.asking.submit(this.#box.value);
    else this.asking.tell("Nothing is written yet. To answer with nothing, press Send.");
  }
}
