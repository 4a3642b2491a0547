// @ts-check
/** Approve, deny with a reason, or approve for the rest of the run. */

import { onEnter, pushButton, textBox } from "./controls.js";
import { element } from "./html.js";

/** @typedef {import("./ask.js").Asking} Asking @typedef {import("./ask.js").Controls} Controls */

/** @implements {Controls} */
export class Approving {
  element = element("div", "nbagent-approving");
  #decide = element("div", "nbagent-choosing");
  #why = element("div", "nbagent-why");
  #toDeny = pushButton("Deny…");
  #reason;

  /**
   * @param {string} tool The name of the tool; empty for code.
   * @param {Asking} asking @param {AbortSignal} signal
   */
  constructor(tool, asking, signal) {
    this.asking = asking;
    const approve = pushButton("Approve", "nbagent-approve");
    const forRun = pushButton("Approve for this run");
    const later = tool ? `later calls of ${tool} run` : "later code runs";
    const hint = element("p", "nbagent-hint");
    hint.textContent = `“For this run”: ${later} without asking.`;
    this.#decide.append(approve, forRun, this.#toDeny, hint);
    this.#reason = this.#askWhy(signal);
    this.element.append(this.#decide, this.#why);
    this.#why.hidden = true;
    approve.addEventListener("click", () => this.#answer(true), { signal });
    forRun.addEventListener("click", () => this.#answer(true, true), { signal });
    this.#toDeny.addEventListener("click", () => this.#turn(true), { signal });
  }

  /** @param {AbortSignal} signal */
  #askWhy(signal) {
    const reason = textBox(signal, { "aria-describedby": this.asking.statusId });
    const deny = pushButton("Deny", "nbagent-deny");
    const back = pushButton("Back");
    const label = element("label", "nbagent-field-label");
    label.append("Why not? The model is told; it may stay empty.", reason);
    const line = element("div", "nbagent-choosing");
    line.append(deny, back);
    this.#why.append(label, line);
    onEnter(reason, () => this.#answer(false), signal);
    deny.addEventListener("click", () => this.#answer(false), { signal });
    back.addEventListener("click", () => this.#turn(false), { signal });
    this.#why.addEventListener(
      "keydown",
      (event) => {
        if (event.key === "Escape" && !event.isComposing) this.#turn(false);
      },
      { signal },
    );
    return reason;
  }

  first() {
    return this.#why.hidden ? undefined : this.#reason;
  }

  draft() {
    return this.#why.hidden ? null : this.#reason.value;
  }

  /** @param {unknown} draft */
  restore(draft) {
    if (typeof draft !== "string") return;
    this.#reason.value = draft;
    this.#show(true);
  }

  /** @param {boolean} locked */
  lock(locked) {
    this.#reason.readOnly = locked;
  }

  mark() {
    return undefined;
  }

  /** Turn to the reason, or back. @param {boolean} denying */
  #turn(denying) {
    this.#show(denying);
    this.asking.appeared();
    this.asking.changed();
    (denying ? this.#reason : this.#toDeny).focus();
  }

  /** @param {boolean} denying */
  #show(denying) {
    this.#decide.hidden = denying;
    this.#why.hidden = !denying;
  }

  /** @param {boolean} approved @param {boolean} forRun */
  #answer(approved, forRun = false) {
    this.asking.submit({ approved, reason: approved ? "" : this.#reason.value, for_run: forRun });
  }
}
