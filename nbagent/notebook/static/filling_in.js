// @ts-check
/** A form: one control a field. */

import { onEnter, pushButton } from "./controls.js";
import { FormRow } from "./form_row.js";
import { element } from "./html.js";

/**
 * @typedef {import("./ask.js").Asking} Asking
 * @typedef {import("./ask.js").Controls} Controls
 * @typedef {import("./ask.js").Field} Field
 * @typedef {import("./form_row.js").Value} Value
 */

/** @implements {Controls} */
export class FillingIn {
  element = element("div", "nbagent-form");
  /** @type {Map<string, FormRow>} */
  #rows = new Map();

  /** @param {Field[]} fields @param {Asking} asking @param {AbortSignal} signal */
  constructor(fields, asking, signal) {
    const submit = () => asking.submit(this.draft());
    for (const field of fields) {
      const row = new FormRow(field, submit, signal);
      this.#rows.set(field.name, row);
      this.element.append(row.element);
    }
    const send = pushButton("Send", "nbagent-primary");
    send.addEventListener("click", submit, { signal });
    const hint = element("span", "nbagent-hint");
    const required = fields.some((field) => field.required) ? "* must be filled in. " : "";
    hint.textContent = fields.length
      ? `${required}Ctrl+Enter sends`
      : "This form cannot be shown: its description is not that of a form.";
    const line = element("div", "nbagent-sending-line");
    line.append(send, hint);
    send.hidden = !fields.length;
    this.element.append(line);
    onEnter(this.element, submit, signal, true);
  }

  first() {
    return [...this.#rows.values()][0]?.control.input;
  }

  draft() {
    /** @type {Record<string, Value>} */
    const draft = {};
    for (const [name, row] of this.#rows) {
      const value = row.control.raw();
      if (value !== undefined) draft[name] = value;
    }
    return draft;
  }

  /** @param {unknown} draft */
  restore(draft) {
    if (typeof draft !== "object" || !draft) return;
    for (const [name, value] of Object.entries(draft)) this.#rows.get(name)?.control.set(value);
  }

  /** @param {boolean} locked */
  lock(locked) {
    for (const row of this.#rows.values()) row.lock(locked);
  }

  /** @param {boolean} _ @param {Record<string, string>} errors */
  mark(_, errors) {
    /** @type {HTMLElement | undefined} */
    let first;
    for (const [name, row] of this.#rows) {
      row.mark(errors[name] ?? "");
      if (errors[name]) first ??= row.control.input;
    }
    return first;
  }
}
