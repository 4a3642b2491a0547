// @ts-check

import { duration } from "./duration.js";
import { element } from "./html.js";

/** @typedef {import("./page.js").Status} Status */

/** The line with Stop, the time and the tokens. */
export class Bar {
  line = element("div", "nbagent-bar", { role: "group", "aria-label": "Run" });
  #stop = /** @type {HTMLButtonElement} */ (element("button", "nbagent-stop"));
  #clock = element("span", "nbagent-clock");
  #tokens = element("span", "nbagent-tokens");
  /** @type {number | null} */
  #startedAt = null;

  /** @param {() => void} stop @param {AbortSignal} signal */
  constructor(stop, signal) {
    this.#stop.type = "button";
    this.#stop.textContent = "Stop";
    this.#stop.addEventListener(
      "click",
      () => {
        if (this.#stop.getAttribute("aria-disabled")) return;
        // Not disabled, which would take the focus away from who pressed it.
        this.#stop.setAttribute("aria-disabled", "true");
        this.#stop.textContent = "Stopping…";
        stop();
      },
      { signal },
    );
    this.line.append(this.#stop, this.#clock, this.#tokens);
  }

  /** @param {Status} status */
  status(status) {
    const running = status.state === "running";
    if (running && this.line.hidden) {
      this.#stop.removeAttribute("aria-disabled");
      this.#stop.textContent = "Stop";
    }
    this.#startedAt = status.started_at;
    this.line.hidden = !running;
    const { prompt_tokens: read, completion_tokens: written } = status;
    this.#tokens.textContent =
      read || written ? `${read.toLocaleString()} tokens in, ${written.toLocaleString()} out` : "";
    this.#tokens.title = status.token_shares.join("\n");
  }

  /** @param {number} now The kernel's time, in milliseconds. */
  tick(now) {
    const text = this.#startedAt === null ? "" : duration(now - this.#startedAt);
    if (this.#clock.textContent !== text) this.#clock.textContent = text;
  }
}
