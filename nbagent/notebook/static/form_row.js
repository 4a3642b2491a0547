// @ts-check
/** A field of a form: its label, its control, what is meant, and what is wrong with it. */

import { choiceList, onEnter, textBox, uniqueId } from "./controls.js";
import { element } from "./html.js";

/**
 * @typedef {import("./ask.js").Field} Field
 * @typedef {string | boolean | string[]} Value
 * @typedef {{
 *   element: HTMLElement, input: HTMLElement,
 *   raw(): Value | undefined, set(value: Value): void,
 * }} FieldControl `input` takes the focus; `raw` is what is sent, undefined for nothing.
 */

const INPUT_MODES = new Map([["number", "decimal"], ["integer", "numeric"]]);

export class FormRow {
  element = element("div", "nbagent-field");
  #error = element("p", "nbagent-field-error", { id: uniqueId() });

  /** @param {Field} field @param {() => void} submit @param {AbortSignal} signal */
  constructor(field, submit, signal) {
    const id = uniqueId();
    this.control = fieldControl(field, id, submit, signal);
    const label = labelled(field, id, this.control);
    const notes = [field.description, field.hint].filter(Boolean).map((text) => {
      const note = element("p", "nbagent-hint", { id: uniqueId() });
      note.textContent = text;
      return note;
    });
    const described = [...notes, this.#error].map((note) => note.id).join(" ");
    this.control.input.setAttribute("aria-describedby", described);
    this.element.append(label, ...notes);
    if (!label.contains(this.control.element)) this.element.append(this.control.element);
    this.element.append(this.#error);
    if (field.default !== null) this.control.set(field.default);
  }

  /** @param {string} error Empty where nothing is wrong. */
  mark(error) {
    this.#error.textContent = error;
    this.element.classList.toggle("nbagent-bad", error !== "");
    if (error) this.control.input.setAttribute("aria-invalid", "true");
    else this.control.input.removeAttribute("aria-invalid");
  }

  /** @param {boolean} locked */
  lock(locked) {
    const { input } = this.control;
    if (input instanceof HTMLTextAreaElement || input instanceof HTMLInputElement) {
      input.readOnly = locked;
    }
  }
}

/**
 * The label; it holds the control itself where that is a single box to tick.
 * @param {Field} field @param {string} id @param {FieldControl} control
 */
function labelled(field, id, control) {
  const ticked = control.input instanceof HTMLInputElement && control.input.type === "checkbox";
  const many = field.kind === "choices";
  const label = element(many ? "p" : "label", "nbagent-field-label", many ? { id } : { for: id });
  if (ticked && !many) {
    label.classList.add("nbagent-tick");
    label.append(control.element);
  }
  label.append(field.label);
  if (field.required) {
    const star = element("span", "nbagent-required", { "aria-hidden": "true" });
    star.textContent = " *";
    label.append(star);
  }
  return label;
}

/**
 * @param {Field} field @param {string} id @param {() => void} submit @param {AbortSignal} signal
 * @returns {FieldControl}
 */
function fieldControl(field, id, submit, signal) {
  /** @type {Record<string, string>} */
  const attributes = { id };
  if (field.required) attributes["aria-required"] = "true";
  switch (field.kind) {
    case "yes_no":
      return typeof field.default === "boolean" ? tick(attributes) : yesOrNo(attributes);
    case "choice":
      return oneOf(field, attributes);
    case "choices":
      return anyOf(field, id);
    case "long_text":
    case "list":
    case "json":
      return severalLines(field, attributes, signal);
    default:
      return oneLine(field, attributes, submit, signal);
  }
}

/**
 * @param {Field} field @param {Record<string, string>} attributes @param {() => void} submit
 * @param {AbortSignal} signal @returns {FieldControl}
 */
function oneLine(field, attributes, submit, signal) {
  const type = field.kind === "date" ? "date" : "text";
  const mode = INPUT_MODES.get(field.kind);
  const made = element("input", "nbagent-box", { ...attributes, type, autocomplete: "off" });
  // Numbers are texts, too: a wheel must not turn them, and Python says what is wrong with one.
  if (mode) made.setAttribute("inputmode", mode);
  const input = /** @type {HTMLInputElement} */ (made);
  onEnter(input, submit, signal);
  return {
    element: input,
    input,
    raw: () => input.value,
    set: (value) => { input.value = String(value); },
  };
}

/**
 * @param {Field} field @param {Record<string, string>} attributes @param {AbortSignal} signal
 * @returns {FieldControl}
 */
function severalLines(field, attributes, signal) {
  const input = textBox(signal, { ...attributes, rows: "3" });
  if (field.kind === "json") input.classList.add("nbagent-code-box");
  const list = field.kind === "list";
  const lines = () => input.value.split("\n").filter((line) => line.trim());
  return {
    element: input,
    input,
    raw: () => (list ? lines() : input.value),
    set: (value) => { input.value = Array.isArray(value) ? value.join("\n") : String(value); },
  };
}

/** @param {Record<string, string>} attributes @returns {FieldControl} */
function tick(attributes) {
  const made = element("input", "", { ...attributes, type: "checkbox" });
  const input = /** @type {HTMLInputElement} */ (made);
  input.removeAttribute("aria-required"); // not ticked is an answer
  return {
    element: input,
    input,
    raw: () => input.checked,
    set: (value) => { input.checked = value === true; },
  };
}

/**
 * Yes or no, of which neither is taken as given.
 * @param {Record<string, string>} attributes @returns {FieldControl}
 */
function yesOrNo(attributes) {
  const choices = ["Yes", "No"].map((label) => ({ label, value: label }));
  const input = choiceList(choices, attributes);
  return {
    element: input,
    input,
    raw: () => (input.value ? input.value === "0" : undefined),
    set: (value) => { input.value = value === true ? "0" : value === false ? "1" : ""; },
  };
}

/** @param {Field} field @param {Record<string, string>} attributes @returns {FieldControl} */
function oneOf({ choices }, attributes) {
  const input = choiceList(choices, attributes);
  return {
    element: input,
    input,
    raw: () => (input.value ? choices[Number(input.value)]?.value : undefined),
    set: (value) => {
      const number = choices.findIndex((choice) => choice.value === value);
      input.value = number < 0 ? "" : String(number);
    },
  };
}

/** @param {Field} field @param {string} labelId @returns {FieldControl} */
function anyOf({ choices }, labelId) {
  const described = { role: "group", "aria-labelledby": labelId, tabindex: "-1" };
  const group = element("div", "nbagent-ticks", described);
  const boxes = choices.map(({ label }) => {
    const line = element("label", "nbagent-tick");
    const box = /** @type {HTMLInputElement} */ (element("input", "", { type: "checkbox" }));
    line.append(box, label);
    group.append(line);
    return box;
  });
  return {
    element: group,
    input: group,
    raw: () => choices.filter((_, number) => boxes[number]?.checked).map(({ value }) => value),
    set: (value) => {
      choices.forEach((choice, number) => {
        const box = boxes[number];
        if (box) box.checked = Array.isArray(value) && value.includes(choice.value);
      });
    },
  };
}
