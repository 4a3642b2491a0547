// @ts-check

/**
 * Keep the keys that are pressed inside an element from the notebook's shortcuts.
 *
 * Where its shortcuts listen first, as in Notebook 7, they look for a mark on the focused
 * element.
 * @param {HTMLElement} root @param {AbortSignal} signal Ends it.
 */
export function ownKeys(root, signal) {
  root.addEventListener("keydown", (event) => event.stopPropagation(), { signal });
  root.addEventListener(
    "focusin",
    ({ target }) => {
      if (target instanceof HTMLElement) target.dataset["lmSuppressShortcuts"] = "true";
    },
    { signal },
  );
}
