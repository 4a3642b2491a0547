// @ts-check
/** Ways by which a text leaves the page. */

import { element } from "./html.js";

/** Milliseconds that the browser has to read what it downloads. */
const READ_WITHIN = 10_000;

/** Save a text as a file. @param {string} name @param {string} text @param {string} type */
export function download(name, text, type) {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = /** @type {HTMLAnchorElement} */ (element("a", ""));
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), READ_WITHIN);
}

/**
 * Copy a text that is still to come; called while a press is handled, as browsers want it.
 * @param {Promise<string>} text @param {HTMLElement} near
 * @returns {Promise<boolean>} Whether it could be copied.
 */
export async function copyText(text, near) {
  try {
    const blob = text.then((words) => new Blob([words], { type: "text/plain" }));
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    return true;
  } catch {
    return copySelected(await text, near); // pages over plain http have no clipboard
  }
}

/** The older way, which needs a selection. @param {string} text @param {HTMLElement} near */
function copySelected(text, near) {
  const focused = document.activeElement;
  const box = /** @type {HTMLTextAreaElement} */ (element("textarea", "nbagent-said"));
  box.value = text;
  near.append(box);
  box.select();
  const copied = document.execCommand("copy");
  box.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
}
