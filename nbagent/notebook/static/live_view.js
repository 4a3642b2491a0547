// @ts-check
/** A transcript that may grow, with the line that stops its run. */

import { Bar } from "./bar.js";
import { duration } from "./duration.js";
import { element } from "./html.js";
import { ownKeys } from "./keys.js";
import { Members } from "./members.js";
import { Page } from "./page.js";
import { ReadingAlong } from "./reading_along.js";

/**
 * @typedef {import("./feed.js").Message} Message
 * @typedef {import("./feed.js").Operation} Operation
 * @typedef {import("./page.js").Status} Status
 */

/** Milliseconds of work in one frame, after which the rest waits for the next. */
const FRAME_BUDGET = 4;

/** One view of a feed in the page. */
export class LiveView {
  /** @type {Message[]} */
  #waiting = [];
  /** @type {Operation[]} */
  #operations = [];
  #listeners = new AbortController();
  #frame = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #hiddenFrame;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #clock;

  /**
   * @param {HTMLElement} el Where it is put.
   * @param {import("./feed.js").Feed} feed
   * @param {() => void} drawn Called when something has changed.
   */
  constructor(el, feed, drawn = () => {}) {
    this.feed = feed;
    this.drawn = drawn;
    this.root = element("div", "nbagent-live");
    this.page = new Page((content) => feed.send(content), this.#listeners.signal);
    this.bar = new Bar(() => feed.stop(), this.#listeners.signal);
    this.members = new Members(this.#listeners.signal);
    this.scroll = new ReadingAlong(this.root, this.#listeners.signal);
    this.root.append(this.page.log, this.members.place, this.bar.line);
    this.root.append(this.page.questions.announcer, this.members.announcer);
    el.append(this.root);
  }

  /** @returns {() => void} Ends it. */
  open() {
    const signal = this.#listeners.signal;
    ownKeys(this.root, signal);
    this.feed.join(this);
    return () => {
      this.#listeners.abort();
      this.feed.leave(this);
      this.#stopClock();
      cancelAnimationFrame(this.#frame);
      clearTimeout(this.#hiddenFrame);
      this.root.remove();
    };
  }

  /** @param {Message} message */
  take(message) {
    this.#waiting.push(message);
    this.#schedule();
  }

  #schedule() {
    if (this.#frame || this.#hiddenFrame) return;
    if (document.hidden) {
      // A hidden page draws no frames; work would pile up until it is seen again.
      this.#hiddenFrame = setTimeout(() => this.#draw(), 250);
    } else {
      this.#frame = requestAnimationFrame(() => this.#draw());
    }
  }

  /** Carry out what is waiting, as much as a frame has time for. */
  #draw() {
    this.#frame = 0;
    this.#hiddenFrame = undefined;
    const deadline = performance.now() + FRAME_BUDGET;
    while (performance.now() < deadline) {
      if (!this.#operations.length) {
        const message = this.#waiting.shift();
        if (!message) break;
        if (message.snapshot) this.page.clear();
        this.#operations = message.ops.slice();
        // A snapshot shows at once: half of one would be a jump back for the reader.
        while (message.snapshot && this.#operations.length) this.#carryOut();
      } else {
        this.#carryOut();
      }
    }
    this.scroll.follow();
    this.drawn();
    if (this.#waiting.length || this.#operations.length) this.#schedule();
  }

  #carryOut() {
    const [name, ...rest] = /** @type {Operation} */ (this.#operations.shift());
    if (name === "status") this.#status(rest[0]);
    else if (name === "picture") this.members.draw(rest[0]);
    else this.page.carryOut(name, rest);
  }

  /** @param {Status} status */
  #status(status) {
    const running = status.state === "running";
    this.page.status(status);
    this.bar.status(status);
    this.members.show(status.teams);
    this.#tick();
    if (running) this.#clock ??= setInterval(() => this.#tick(), 1000);
    else this.#stopClock();
  }

  #stopClock() {
    clearInterval(this.#clock);
    this.#clock = undefined;
  }

  /** Bring the times that are counted here up to date. */
  #tick() {
    const now = Date.now() + this.feed.skew;
    this.bar.tick(now);
    this.page.questions.tick(now);
    for (const time of this.root.querySelectorAll("time.nbagent-elapsed")) {
      const since = Date.parse(time.getAttribute("datetime") ?? "");
      if (!Number.isNaN(since)) time.textContent = duration(now - since);
    }
  }
}
