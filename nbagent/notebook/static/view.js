// @ts-check
/**
 * The live view of a transcript while its run goes on; an anywidget.
 *
 * Python renders and cleans all HTML. It sends numbered messages with operations, which
 * nbagent/render/live.py describes; this module carries them out, a few milliseconds a frame.
 * What is missing is noticed by the numbers, and asked for as a snapshot.
 *
 * Its parts: `Feed` receives, one for a model; `Page` holds the transcript's elements, one for
 * a view; `Bar` is the line with Stop, time and tokens.
 */

import { Bar } from "./bar.js";
import { duration } from "./duration.js";
import { Feed } from "./feed.js";
import { element } from "./html.js";
import { ownKeys } from "./keys.js";
import { Page } from "./page.js";
import { ReadingAlong } from "./reading_along.js";

/**
 * @typedef {import("./feed.js").Message} Message
 * @typedef {import("./feed.js").Model} Model
 * @typedef {import("./feed.js").Operation} Operation
 * @typedef {import("./page.js").Status} Status
 */

/** Milliseconds of work in one frame, after which the rest waits for the next. */
const FRAME_BUDGET = 4;

export default () => {
  const feed = new Feed();
  return {
    /** @param {{model: Model}} context */
    initialize: ({ model }) => feed.open(model),
    /** @param {{model: Model, el: HTMLElement}} context */
    render: ({ el }) => new View(el, feed).open(),
  };
};

/** One view of a feed in the page. */
class View {
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

  /** @param {HTMLElement} el @param {Feed} feed */
  constructor(el, feed) {
    this.feed = feed;
    this.root = element("div", "nbagent-live");
    this.page = new Page(this.#listeners.signal);
    this.bar = new Bar(() => feed.stop(), this.#listeners.signal);
    this.scroll = new ReadingAlong(this.root, this.#listeners.signal);
    this.root.append(this.page.log, this.bar.line);
    el.append(this.root);
  }

  /** @returns {() => void} Ends it. */
  open() {
    const signal = this.#listeners.signal;
    ownKeys(this.root, signal);
    this.#clock = setInterval(() => this.#tick(), 1000);
    this.feed.join(this);
    return () => {
      this.#listeners.abort();
      this.feed.leave(this);
      clearInterval(this.#clock);
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
    if (this.#waiting.length || this.#operations.length) this.#schedule();
  }

  #carryOut() {
    const [name, ...rest] = /** @type {Operation} */ (this.#operations.shift());
    if (name === "status") this.#status(rest[0]);
    else this.page.carryOut(name, rest);
  }

  /** @param {Status} status */
  #status(status) {
    const running = status.state === "running";
    this.page.status(status);
    this.bar.status(status);
    this.#tick();
    if (!running) clearInterval(this.#clock);
  }

  /** Bring the times that are counted here up to date. */
  #tick() {
    const now = Date.now() + this.feed.skew;
    this.bar.tick(now);
    for (const time of this.root.querySelectorAll("time.nbagent-elapsed")) {
      const since = Date.parse(time.getAttribute("datetime") ?? "");
      if (!Number.isNaN(since)) time.textContent = duration(now - since);
    }
  }
}
