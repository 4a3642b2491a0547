// @ts-check

/** Pixels from the end within which a reader counts as reading along. */
const NEAR_END = 40;

/** Keeps the end in sight, in an output area that scrolls, while the reader is there. */
export class ReadingAlong {
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
