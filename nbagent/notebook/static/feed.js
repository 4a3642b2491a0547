// @ts-check
/** Receives what Python sends, in order and complete, and passes it to the views. */

/**
 * @typedef {[name: string, ...rest: any[]]} Operation
 * @typedef {{n: number, ops: Operation[], snapshot?: boolean, now?: number}} Message
 * @typedef {{
 *   on(name: string, callback: (...values: any[]) => void): void,
 *   off(name: string, callback: (...values: any[]) => void): void,
 *   send(content: object, callbacks?: object, buffers?: ArrayBuffer[]): void,
 * }} Model
 * @typedef {{take(message: Message): void}} Reader
 */

/** Milliseconds after which a page that has heard nothing asks what there is. */
const FIRST_ASK = 400;
/** Milliseconds of silence after which a page asks whether it has everything; then twice that. */
const QUIET = 5_000;
const QUIET_AT_MOST = 60_000;
/** Milliseconds after which an unanswered question is asked again. */
const ASK_AGAIN = 2_000;

/** Receives the messages of one model, in order and complete, and passes them to its views. */
export class Feed {
  /** The number of the last message that was taken in. */
  seen = 0;
  /** Milliseconds by which the kernel's clock is ahead of this page's. */
  skew = 0;
  /** Whether more is to come. */
  running = true;
  /** @type {Message[]} All that a new view needs: the last snapshot and what came after it. */
  #log = [];
  /** @type {Set<Reader>} */
  #views = new Set();
  /** @type {Model | undefined} */
  #model;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #quiet = QUIET;

  /** @param {Model} model @returns {() => void} Ends it. */
  open(model) {
    /** @param {Message} message */
    const receive = (message) => this.#receive(message);
    this.#model = model;
    model.on("msg:custom", receive);
    this.#askIn(FIRST_ASK);
    return () => {
      clearTimeout(this.#timer);
      model.off("msg:custom", receive);
    };
  }

  /** @param {Reader} view */
  join(view) {
    this.#views.add(view);
    for (const message of this.#log) view.take(message);
  }

  /** @param {Reader} view */
  leave(view) {
    this.#views.delete(view);
  }

  stop() {
    this.send({ stop: true });
  }

  /** Send a message to Python. @param {object} content */
  send(content) {
    this.#model?.send(content);
  }

  /** @param {Message} message */
  #receive(message) {
    if (typeof message?.n !== "number") return;
    if (message.now !== undefined) this.skew = message.now * 1000 - Date.now();
    if (message.snapshot) {
      this.#log = [message];
    } else if (message.n === this.seen + 1) {
      this.#log.push(message);
    } else {
      if (message.n > this.seen) this.#ask();
      return;
    }
    this.seen = message.n;
    for (const [name, fields] of message.ops) {
      if (name === "status") this.running = fields.state === "running";
    }
    for (const view of this.#views) view.take(message);
    this.#quiet = QUIET;
    this.#askIn(QUIET);
  }

  /** Ask for what came after `seen`; Python does not answer where nothing did. */
  #ask() {
    this.#model?.send({ ask: "snapshot", n: this.seen });
    this.#askIn(Math.max(ASK_AGAIN, this.#quiet));
    this.#quiet = Math.min(2 * this.#quiet, QUIET_AT_MOST);
  }

  /** @param {number} milliseconds */
  #askIn(milliseconds) {
    clearTimeout(this.#timer);
    if (this.running) this.#timer = setTimeout(() => this.#ask(), milliseconds);
  }
}
