// @ts-check
/**
 * The live view of a transcript while its run goes on; an anywidget.
 *
 * Python renders and cleans all HTML. It sends numbered messages with operations, which
 * nbagent/render/live.py describes; this module carries them out, a few milliseconds a frame.
 * What is missing is noticed by the numbers, and asked for as a snapshot.
 *
 * Three parts: `Feed` receives, one for a model; `Page` holds the transcript's elements, one for
 * a view; `Bar` is the line with Stop, time and tokens.
 */

/**
 * @typedef {[name: string, ...rest: any[]]} Operation
 * @typedef {{n: number, ops: Operation[], snapshot?: boolean, now?: number}} Message
 * @typedef {{
 *   state: "running" | "done" | "failed" | "stopped", started_at: number | null,
 *   elapsed: number | null, prompt_tokens: number, completion_tokens: number,
 *   notices_html: string, footer_html: string,
 * }} Status
 * @typedef {{element: Element, place: Element, more: Part[]}} Block An element, where its
 *   content goes, and the parts in which a long table or list goes on.
 * @typedef {{whole: Element, body: Element}} Part A table and its body, or a list, twice.
 * @typedef {{element: Element, body: Element | null, blocks: Map<number, Block>}} Item
 * @typedef {{
 *   on(name: string, callback: (...values: any[]) => void): void,
 *   off(name: string, callback: (...values: any[]) => void): void,
 *   send(content: object): void,
 * }} Model
 */

/** Milliseconds of work in one frame, after which the rest waits for the next. */
const FRAME_BUDGET = 4;
/** Milliseconds after which a page that has heard nothing asks what there is. */
const FIRST_ASK = 400;
/** Milliseconds of silence after which a page asks whether it has everything; then twice that. */
const QUIET = 5_000;
const QUIET_AT_MOST = 60_000;
/** Milliseconds after which an unanswered question is asked again. */
const ASK_AGAIN = 2_000;
/** Lines of code in one element: an element that grows is laid out as a whole each time. */
const CHUNK_LINES = 40;
/** Outermost blocks in one stretch. */
const STRETCH_BLOCKS = 24;
/** Rows in one table, and items in one list. */
const TABLE_ROWS = 100;
const LIST_ITEMS = 60;
/** Pixels from the end within which a reader counts as reading along. */
const NEAR_END = 40;

export default () => {
  const feed = new Feed();
  return {
    /** @param {{model: Model}} context */
    initialize: ({ model }) => feed.open(model),
    /** @param {{model: Model, el: HTMLElement}} context */
    render: ({ el }) => new View(el, feed).open(),
  };
};

/** Receives the messages of one model, in order and complete, and passes them to its views. */
class Feed {
  /** The number of the last message that was taken in. */
  seen = 0;
  /** Milliseconds by which the kernel's clock is ahead of this page's. */
  skew = 0;
  /** Whether more is to come. */
  running = true;
  /** @type {Message[]} All that a new view needs: the last snapshot and what came after it. */
  #log = [];
  /** @type {Set<View>} */
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

  /** @param {View} view */
  join(view) {
    this.#views.add(view);
    for (const message of this.#log) view.take(message);
  }

  /** @param {View} view */
  leave(view) {
    this.#views.delete(view);
  }

  stop() {
    this.#model?.send({ stop: true });
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
    // Keys pressed in here are meant for what has the focus, not for the notebook. Where its
    // shortcuts listen first, as in Notebook 7, they look for a mark on the focused element.
    this.root.addEventListener("keydown", (event) => event.stopPropagation(), { signal });
    this.root.addEventListener("focusin", ({ target }) => markAsOwnKeys(target), { signal });
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

/** The transcript's elements. */
class Page {
  log = element("div", "nbagent nbagent-running", {
    role: "log", "aria-live": "polite", "aria-busy": "true", "aria-label": "Transcript",
  });
  /** @type {ChildNode[]} */
  #notices = [];
  /** @type {ChildNode[]} */
  #footer = [];
  /** Where the items end. */
  #end = document.createComment("");
  /** @type {Item[]} */
  #items = [];
  /** @type {WeakSet<Element>} The cards that the reader opened or closed. */
  #touched = new WeakSet();

  /** @param {AbortSignal} signal */
  constructor(signal) {
    this.log.append(this.#end);
    // The keyboard opens a card by a click, too.
    this.log.addEventListener("click", (event) => this.#touch(event), { signal });
  }

  clear() {
    for (const { element } of this.#items.splice(0)) element.remove();
  }

  /** @param {Status} status */
  status(status) {
    const running = status.state === "running";
    this.log.classList.toggle("nbagent-running", running);
    this.log.setAttribute("aria-busy", String(running));
    for (const node of [...this.#notices, ...this.#footer]) node.remove();
    const notices = fragment(status.notices_html);
    const footer = fragment(running ? "" : status.footer_html);
    this.#notices = Array.from(notices.childNodes);
    this.#footer = Array.from(footer.childNodes);
    this.log.prepend(notices);
    this.log.append(footer);
  }

  /** @param {string} name @param {any[]} values */
  carryOut(name, values) {
    const [index, key, ...rest] = values;
    if (name === "item") return this.#putItem(index, key);
    const item = this.#items[index];
    const block = item?.blocks.get(key);
    if (item && name === "block") putBlock(item, key, rest[0], rest[1]);
    else if (block && name === "text" && block.place.localName === "code") {
      appendCode(block.place, rest[0]);
    } else if (block && name === "text") block.place.append(rest[0]);
    else if (block && name === "rows") putRows(block, rest[0], rest[1]);
    else if (block && name === "drop") {
      removeBlock(block);
      item?.blocks.delete(key);
    }
  }

  /** @param {number} index @param {string} html */
  #putItem(index, html) {
    const shell = /** @type {Element} */ (fragment(html).firstElementChild);
    const old = this.#items[index]?.element;
    if (old) {
      const focus = this.#keepCards(old, shell);
      old.replaceWith(shell);
      focus?.focus({ preventScroll: true });
    } else {
      this.#end.before(shell);
    }
    this.#items[index] = {
      element: shell,
      body: shell.querySelector(".nbagent-body"),
      blocks: new Map(),
    };
  }

  /**
   * Leave the cards of an item as the reader has them.
   * @param {Element} old
   * @param {Element} shell
   * @returns {HTMLElement | undefined} The summary that takes the focus from the old one.
   */
  #keepCards(old, shell) {
    const cards = shell.querySelectorAll("details");
    /** @type {HTMLElement | undefined} */
    let focus;
    old.querySelectorAll("details").forEach((card, position) => {
      const next = cards[position];
      if (!next) return;
      if (this.#touched.has(card)) {
        next.open ||= card.open;
        this.#touched.add(next);
      }
      if (card.firstElementChild === document.activeElement) {
        focus = /** @type {HTMLElement} */ (next.firstElementChild);
      }
    });
    return focus;
  }

  /** @param {Event} event */
  #touch(event) {
    const target = /** @type {Element} */ (event.target);
    const card = target.closest("summary")?.closest("details");
    if (card) this.#touched.add(card);
  }
}

/** The line with Stop, the time and the tokens. */
class Bar {
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
    this.#startedAt = status.started_at;
    this.line.hidden = status.state !== "running";
    const { prompt_tokens: read, completion_tokens: written } = status;
    this.#tokens.textContent =
      read || written ? `${read.toLocaleString()} tokens in, ${written.toLocaleString()} out` : "";
  }

  /** @param {number} now The kernel's time, in milliseconds. */
  tick(now) {
    const text = this.#startedAt === null ? "" : duration(now - this.#startedAt);
    if (this.#clock.textContent !== text) this.#clock.textContent = text;
  }
}

/** Keeps the end in sight, in an output area that scrolls, while the reader is there. */
class ReadingAlong {
  /** @type {Element | null} */
  #area = null;
  #atEnd = true;
  #lookedAt = 0;

  /** @param {HTMLElement} root @param {AbortSignal} signal */
  constructor(root, signal) {
    this.root = root;
    this.signal = signal;
  }

  /** Scroll to the end, if the reader was there. */
  follow() {
    const now = performance.now();
    if (now - this.#lookedAt > 1000) {
      this.#lookedAt = now;
      this.#look();
    }
    if (this.#area && this.#atEnd) this.#area.scrollTop = this.#area.scrollHeight;
  }

  /** Find the area again: the reader may switch an output's scrolling on and off. */
  #look() {
    const area = scrollingOutput(this.root);
    if (area === this.#area) return;
    this.#area = area;
    this.#atEnd = true;
    area?.addEventListener(
      "scroll",
      () => {
        const below = area.scrollHeight - area.scrollTop - area.clientHeight;
        if (area === this.#area) this.#atEnd = below < NEAR_END;
      },
      { passive: true, signal: this.signal },
    );
  }
}

/** @param {EventTarget | null} target */
function markAsOwnKeys(target) {
  if (target instanceof HTMLElement) target.dataset["lmSuppressShortcuts"] = "true";
}

/**
 * The output area around an element, where it scrolls by itself; never the notebook.
 * @param {Element} inner @returns {Element | null}
 */
function scrollingOutput(inner) {
  for (let area = inner.parentElement; area; area = area.parentElement) {
    if (area.matches(".jp-Cell, .jp-Notebook, body")) return null;
    const { overflowY, maxHeight } = getComputedStyle(area);
    if (/auto|scroll/.test(overflowY) && maxHeight !== "none") return area;
  }
  return null;
}

/**
 * Show an element as block `key` of an item: in place of the one it has, or as a new one.
 * @param {Item} item
 * @param {number} key
 * @param {string} html
 * @param {number | null} parent The block that a new one belongs to; null for the body.
 */
function putBlock(item, key, html, parent) {
  const element = /** @type {Element} */ (fragment(html).firstElementChild);
  const place = element.querySelector("pre > code, tbody") ?? element;
  const old = item.blocks.get(key);
  if (old) {
    old.element.before(element);
    removeBlock(old);
  } else {
    (parent === null ? lastStretch(item.body) : childPlace(item.blocks.get(parent)))?.append(element);
  }
  item.blocks.set(key, { element, place, more: [] });
}

/** @param {Block} block */
function removeBlock(block) {
  block.element.remove();
  for (const { whole } of block.more) whole.remove();
}

/**
 * Where the next child of a block goes. A list grows as a whole, too: a long one goes on in
 * further lists.
 * @param {Block | undefined} block @returns {Element | undefined}
 */
function childPlace(block) {
  const list = block?.place;
  if (!list?.matches("ul, ol") || list.childElementCount < LIST_ITEMS) return list;
  const next = /** @type {Element} */ (list.cloneNode(false));
  if (list instanceof HTMLOListElement) {
    next.setAttribute("start", String(list.start + list.childElementCount));
  }
  list.classList.add("nbagent-cut");
  list.after(next);
  block?.more.push({ whole: next, body: next });
  return (/** @type {Block} */ (block).place = next);
}

/**
 * Where the next outermost block goes. Blocks stand in stretches of a few dozen, each of which
 * the browser leaves out of layout and painting while it is far from the screen; so a frame at
 * the end of a long answer costs no more than one at its beginning.
 * @param {Element | null} body @returns {Element | undefined}
 */
function lastStretch(body) {
  const last = body?.lastElementChild;
  if (last?.className === "nbagent-stretch" && last.childElementCount < STRETCH_BLOCKS) return last;
  const next = element("div", "nbagent-stretch");
  body?.append(next);
  return next;
}

/**
 * Append to code, in elements of so many lines each.
 * @param {Element} code @param {string} text
 */
function appendCode(code, text) {
  let chunk = /** @type {HTMLElement | null} */ (code.querySelector(".nbagent-chunk:last-child"));
  const lines = text.match(/[^\n]*\n|[^\n]+/g) ?? [];
  if (!chunk && /[^\n]$/.test(code.textContent ?? "")) {
    // The line that came with the block goes on; a chunk would begin a new one.
    code.append(lines.shift() ?? "");
  }
  for (const line of lines) {
    if (!chunk || Number(chunk.dataset.lines ?? 0) >= CHUNK_LINES) {
      chunk = element("span", "nbagent-chunk");
      chunk.append("");
      code.append(chunk);
    }
    /** @type {Text} */ (chunk.lastChild).appendData(line);
    if (line.endsWith("\n")) chunk.dataset.lines = String(Number(chunk.dataset.lines ?? 0) + 1);
  }
}

/**
 * Change the end of a table. A browser lays a table out as a whole, so a long one goes on in
 * further tables with columns of the same width.
 * @param {Block} block @param {number} keep @param {string} html
 */
function putRows(block, keep, html) {
  const first = { whole: block.element, body: block.place };
  let last = block.more.at(-1) ?? first;
  let surplus = last.body.childElementCount + block.more.length * TABLE_ROWS - keep;
  for (; surplus > 0; surplus -= 1) {
    last.body.lastElementChild?.remove();
    if (!last.body.childElementCount && last !== first) {
      last.whole.remove();
      block.more.pop();
      last = block.more.at(-1) ?? first;
      last.whole.classList.toggle("nbagent-cut", false);
    }
  }
  const rows = fragment(html);
  while (rows.firstElementChild) {
    if (last.body.childElementCount >= TABLE_ROWS) {
      last = continuedTable(first, last.whole);
      block.more.push(last);
    }
    last.body.append(rows.firstElementChild);
    if (last !== first && last.body.childElementCount === 1) alignColumns(first, last);
  }
}

/**
 * @param {Part} first
 * @param {Element} previous
 * @returns {Part} An empty table behind `previous`.
 */
function continuedTable(first, previous) {
  const table = /** @type {Element} */ (first.whole.cloneNode(false));
  const body = document.createElement("tbody");
  table.append(body);
  previous.classList.add("nbagent-cut");
  previous.after(table);
  return { whole: table, body };
}

/**
 * Give the only row of a table the columns of the first table.
 * @param {Part} first @param {Part} last
 */
function alignColumns(first, last) {
  const widths = Array.from(
    first.body.firstElementChild?.children ?? [],
    (cell) => cell.getBoundingClientRect().width,
  );
  Array.from(last.body.firstElementChild?.children ?? []).forEach((cell, column) => {
    /** @type {HTMLElement} */ (cell).style.width = `${widths[column]}px`;
  });
}

/** @param {number} milliseconds @returns {string} Such as "12 s" or "3 min 5 s". */
function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @param {string} tag @param {string} className @param {Record<string, string>} attributes */
function element(tag, className, attributes = {}) {
  const made = document.createElement(tag);
  made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/**
 * HTML that Python has cleaned, as nodes. The only place where HTML is parsed.
 * @param {string} html @returns {DocumentFragment}
 */
function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}
