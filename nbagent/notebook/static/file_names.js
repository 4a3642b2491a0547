// @ts-check
/** Names and sizes of files, as a reader sees them. */

/** Characters that are shown of a name. */
const NAME_LENGTH = 60;

// As nbagent/render/plain_text.py: controls, bidirectional overrides, characters of no width and
// others by which a name could pretend to be another.
const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u202a-\u202e\u2028\u2029\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\u{e0000}-\u{e0fff}]/gu;

/** A name with each hidden character shown by its number. @param {string} name */
export function visibleName(name) {
  return name.replace(HIDDEN, (hidden) => {
    const code = /** @type {number} */ (hidden.codePointAt(0));
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/** A long name without its middle: how it ends says what it is. @param {string} name */
export function shortName(name) {
  const characters = [...name]; // whole ones, so that no emoji is cut in two
  if (characters.length <= NAME_LENGTH) return name;
  return `${characters.slice(0, NAME_LENGTH - 21).join("")}…${characters.slice(-20).join("")}`;
}

/** The letters behind a name's last dot, where they are few. @param {string} name */
export function extension(name) {
  return /\.([A-Za-z0-9]{1,5})$/.exec(name)?.[1]?.toUpperCase() ?? "";
}

/** @param {number} bytes @returns {string} Such as "12 kB" or "3.4 MB". */
export function sizeText(bytes) {
  if (bytes < 1000) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  if (bytes < 999_500) return `${Math.round(bytes / 1e3)} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 9_950_000 ? 1 : 0)} MB`;
}
