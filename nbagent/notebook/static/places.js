// @ts-check
/**
 * The places in the page in which a widget shows itself without being in any output.
 *
 * Python displays an empty element with a class of its own. A front end makes such elements anew
 * when it likes, and takes them out of the page; each is filled while it is there.
 */

/** Milliseconds between two looks at a page that keeps changing. */
const LOOK_EVERY = 100;

export class Places {
  /** @type {Map<HTMLElement, () => void>} Places that are filled, and what empties them. */
  #filled = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #lookedAt = -Infinity;

  /**
   * @param {string} place The places' class.
   * @param {(place: HTMLElement) => () => void} fill Fills a place, and gives what empties it.
   * @param {AbortSignal} signal Ends it, with all places empty.
   */
  constructor(place, fill, signal) {
    this.place = place;
    this.fill = fill;
    const observer = new MutationObserver(() => this.#lookSoon());
    observer.observe(document.body, { childList: true, subtree: true });
    this.#look();
    signal.addEventListener("abort", () => {
      observer.disconnect();
      clearTimeout(this.#timer);
      for (const empty of this.#filled.values()) empty();
      this.#filled.clear();
    });
  }

  #lookSoon() {
    if (this.#timer !== undefined) return;
    const wait = this.#lookedAt + LOOK_EVERY - performance.now();
    if (wait <= 0) this.#look();
    else this.#timer = setTimeout(() => this.#look(), wait);
  }

  #look() {
    this.#timer = undefined;
    this.#lookedAt = performance.now();
    for (const [place, empty] of this.#filled) {
      if (place.isConnected) continue;
      this.#filled.delete(place);
      empty();
    }
    for (const place of document.getElementsByClassName(this.place)) {
      if (!(place instanceof HTMLElement) || this.#filled.has(place)) continue;
      this.#filled.set(place, this.fill(place));
    }
  }
}
