// @ts-check
/** Controls that several kinds of answers are given with. */

import { element } from "./html.js";

/** @typedef {import("./ask.js").Choice} Choice */

/** @param {string} label @param {string} className @returns {HTMLButtonElement} */
export function pushButton(label, className = "") {
  const made = element("button", `nbagent-push ${className}`.trim(), { type: "button" });
  made.textContent = label;
  return /** @type {HTMLButtonElement} */ (made);
}

/**
 * A box for several lines, which grows with its text.
 * @param {AbortSignal} signal @param {Record<string, string>} attributes
 * @returns {HTMLTextAreaElement}
 */
export function textBox(signal, attributes = {}) {
  const made = element("textarea", "nbagent-box", { rows: "1", ...attributes });
  const box = /** @type {HTMLTextAreaElement} */ (made);
  if (!CSS.supports("field-sizing", "content")) {
    const grow = () => {
      box.style.height = "auto";
      box.style.height = `${box.scrollHeight + 2}px`;
    };
    box.addEventListener("input", grow, { signal });
    box.addEventListener("focus", grow, { signal });
  }
  return box;
}

/**
 * A list to choose from; the value of each choice is its number, "" that of none.
 * @param {Choice[]} choices @param {Record<string, string>} attributes
 * @returns {HTMLSelectElement}
 */
export function choiceList(choices, attributes = {}) {
  const list = /** @type {HTMLSelectElement} */ (element("select", "nbagent-box", attributes));
  list.append(new Option("Choose…", ""));
  choices.forEach(({ label }, number) => list.append(new Option(label, String(number))));
  return list;
}

/**
 * Do something on Enter, unless it ends a composition (as of an input method) or begins a line.
 * @param {HTMLElement} box
 * @param {() => void} act
 * @param {AbortSignal} signal
 * @param {boolean} withControl Whether Enter alone begins a line, and only Ctrl+Enter acts.
 */
export function onEnter(box, act, signal, withControl = false) {
  box.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.altKey) return;
      // Safari ends the composition before the key; 229 still tells.
      if (event.isComposing || event.keyCode === 229) return;
      if (withControl && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      if (!event.repeat) act();
    },
    { signal },
  );
}

/** An id for an element; pages hold many widgets, each with a copy of this module. */
export function uniqueId() {
  return `nbagent-${Math.random().toString(36).slice(2)}`;
}
