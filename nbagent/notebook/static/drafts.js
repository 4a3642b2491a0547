// @ts-check
/** Answers that are not sent yet, kept for as long as the browser's tab is open. */

const DRAFT = "nbagent-draft-";

/** @param {string} id The question's id. @param {unknown} draft */
export function keepDraft(id, draft) {
  try {
    sessionStorage.setItem(DRAFT + id, JSON.stringify(draft));
  } catch {
    // Forbidden here, or full: the text lives as long as the page.
  }
}

/** @param {string} id @returns {unknown} What was kept; undefined for nothing. */
export function keptDraft(id) {
  try {
    return JSON.parse(sessionStorage.getItem(DRAFT + id) ?? "null") ?? undefined;
  } catch {
    return undefined; // forbidden here
  }
}

/** @param {string} id */
export function dropDraft(id) {
  try {
    sessionStorage.removeItem(DRAFT + id);
  } catch {
    // Forbidden here: there is nothing to remove.
  }
}
