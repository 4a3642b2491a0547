// @ts-check
/** Where a person types, so that nothing takes the focus away from it. */

/** Milliseconds after a key for which a person counts as typing. */
const STILL_TYPING = 1_500;
/** Milliseconds in which a person whose first keys were not noticed types another one. */
const GOES_ON = 600;

/** Notices typing anywhere in the page. */
export class Typing {
  /** @type {HTMLElement | null} Where somebody is typing. */
  #where = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #later;
  #noticesSince = performance.now();

  /** @param {AbortSignal} signal */
  constructor(signal) {
    const notice = (/** @type {KeyboardEvent} */ event) => {
      const [where = null] = event.composedPath();
      if (!isEditable(where) || !types(event)) return;
      this.#where = where;
      clearTimeout(this.#timer);
      // A timer and no clock: in a page that was too busy for its keys, they come before it.
      this.#timer = setTimeout(() => { this.#where = null; }, STILL_TYPING);
    };
    document.addEventListener("keydown", notice, { signal, capture: true });
    signal.addEventListener("abort", () => {
      clearTimeout(this.#timer);
      clearTimeout(this.#later);
    });
  }

  /**
   * Tell whether someone is typing outside of an element: a moment later where that is not known
   * yet, as in a view that has just been opened.
   * @param {Node} root @param {(elsewhere: boolean) => void} tell
   */
  whenKnown(root, tell) {
    const focused = document.activeElement;
    const isNew = performance.now() - this.#noticesSince < STILL_TYPING;
    const known = !isNew || !isEditable(focused) || root.contains(focused);
    if (known) return tell(this.#isElsewhere(root));
    clearTimeout(this.#later);
    this.#later = setTimeout(() => tell(this.#isElsewhere(root)), GOES_ON);
  }

  /** @param {Node} root */
  #isElsewhere(root) {
    const where = this.#where;
    return where !== null && !root.contains(where) && focusedElement(where) === where;
  }
}

/**
 * The element with the focus, in the page or in the shadow root that a node is in.
 * @param {Node} node @returns {Element | null}
 */
export function focusedElement(node) {
  const root = node.getRootNode();
  return root instanceof ShadowRoot ? root.activeElement : document.activeElement;
}

/** Whether the focus is on nothing in particular. @param {Node} node */
export function nothingHasFocus(node) {
  const focused = document.activeElement;
  if (focused === null || focused === document.body) return true;
  const root = node.getRootNode();
  return root instanceof ShadowRoot && root.host === focused && root.activeElement === null;
}

/** @param {EventTarget | null} target @returns {target is HTMLElement} */
function isEditable(target) {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches("input, textarea, select");
}

/** Whether a key makes text, or takes part in making some. @param {KeyboardEvent} event */
function types({ key, ctrlKey, metaKey, isComposing }) {
  if (isComposing || key === "Process" || key === "Dead") return true;
  return key.length === 1 && !ctrlKey && !metaKey;
}
