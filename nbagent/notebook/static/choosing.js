// @ts-check
/** A few choices as buttons, many as a list. */

import { choiceList, pushButton } from "./controls.js";
import { element } from "./html.js";

/**
 * @typedef {import("./ask.js").Asking} Asking
 * @typedef {import("./ask.js").Choice} Choice
 * @typedef {import("./ask.js").Controls} Controls
 */

/** So many choices are buttons. */
const BUTTONS = 7;

/** @implements {Controls} */
export class Choosing {
  element = element("div", "nbagent-choosing");
  /** @type {HTMLSelectElement | undefined} */
  #list;

  /** @param {Choice[]} choices @param {Asking} asking @param {AbortSignal} signal */
  constructor(choices, asking, signal) {
    if (choices.length <= BUTTONS) {
      for (const { value, label } of choices) {
        const choice = pushButton(label);
        choice.addEventListener("click", () => asking.submit(value), { signal });
        this.element.append(choice);
      }
      return;
    }
    const described = { "aria-label": "Your answer", "aria-describedby": asking.statusId };
    const list = (this.#list = choiceList(choices, described));
    const send = pushButton("Send", "nbagent-primary");
    send.addEventListener(
      "click",
      () => {
        if (list.value) asking.submit(choices[Number(list.value)]?.value);
        else asking.tell("Choose one first.");
      },
      { signal },
    );
    this.element.append(list, send);
  }

  first() {
    return this.#list;
  }

  draft() {
    return this.#list?.value ?? "";
  }

  /** @param {unknown} draft */
  restore(draft) {
    if (this.#list && typeof draft === "string") this.#list.value = draft;
  }

  lock() {}

  mark() {
    return undefined;
  }
}
