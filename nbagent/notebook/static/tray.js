// @ts-check
/**
 * Takes files from a person's hands, dropped, pasted or chosen, and shows what becomes of them.
 *
 * A widget gives it the element onto which files may be dropped, and places its parts: the
 * button that chooses files, the list of files, and the line that screen readers hear.
 */

import { extension, shortName, sizeText, visibleName } from "./file_names.js";
import { element } from "./html.js";
import { focusedElement } from "./typing.js";

/**
 * @typedef {import("./upload.js").Upload} Upload
 * @typedef {import("./upload.js").Uploads} Uploads
 */

/** Bytes from which a file shows how much of it has arrived. */
const SHOWS_PROGRESS = 2 ** 20;
/** Formats of which a picture is shown. Never SVG, which is a program. */
const SHOWN_FORMATS = ["image/png", "image/jpeg", "image/gif", "image/webp"];
/** Milliseconds in which what is said of several files becomes one sentence. */
const SAID_TOGETHER = 150;
/** So many of these sentences stay. */
const SENTENCES_KEPT = 3;

/** One view of a widget's files. */
export class Tray {
  chooser = button("nbagent-choose", "Choose files");
  chips = element("ul", "nbagent-chips", { "aria-label": "Files" });
  /** What happens to files, for those who do not see it. */
  status = element("div", "nbagent-said", { role: "status", "aria-live": "polite", "aria-atomic": "false" });
  #input = /** @type {HTMLInputElement} */ (element("input", "", { type: "file", hidden: "" }));
  /** @type {Map<Upload, Chip>} */
  #chips = new Map();
  /** @type {string[]} */
  #toSay = [];
  #pasted = 0;
  #closed = false;

  /**
   * @param {Uploads} uploads
   * @param {HTMLElement} root Files may be dropped anywhere onto it, and pasted while the focus
   *   is in it.
   * @param {AbortSignal} signal Ends it.
   */
  constructor(uploads, root, signal) {
    this.uploads = uploads;
    this.root = root;
    this.#input.multiple = true;
    this.#input.tabIndex = -1;
    root.append(this.#input);
    this.chips.hidden = true;
    this.chooser.addEventListener("click", () => this.#input.click(), { signal });
    this.#input.addEventListener("change", () => this.#chosen(), { signal });
    this.#listenForDrops(signal);
    // Without a text field under the cursor the event goes to whatever text is selected, or to
    // the whole page; the focus tells what is meant.
    document.addEventListener("paste", (event) => this.#paste(event), { signal, capture: true });
    uploads.listen((upload, change) => this.#show(upload, change), signal);
    for (const upload of uploads.all) this.#show(upload, "added", true);
    signal.addEventListener("abort", () => {
      for (const chip of this.#chips.values()) chip.close();
      this.#input.remove();
    });
  }

  /** Take no more files, and let none be removed. */
  close() {
    this.#closed = true;
    this.chooser.hidden = true;
    for (const chip of this.#chips.values()) chip.settle();
  }

  /** Say something to those who hear the page. @param {string} text */
  say(text) {
    if (this.#toSay.push(text) > 1) return;
    setTimeout(() => {
      const said = element("p", "");
      said.textContent = this.#toSay.splice(0).join(" ");
      this.status.append(said);
      // What was said before stays for a while: it may not have been read out yet.
      while (this.status.childElementCount > SENTENCES_KEPT) this.status.firstElementChild?.remove();
    }, SAID_TOGETHER);
  }

  #chosen() {
    for (const file of this.#input.files ?? []) this.uploads.add(file);
    this.#input.value = ""; // so that the same file can be chosen again
  }

  /** @param {AbortSignal} signal */
  #listenForDrops(signal) {
    const { root } = this;
    /** @param {boolean} over */
    const mark = (over) => root.classList.toggle("nbagent-dragging", over);
    /** @param {DragEvent} event */
    const over = (event) => {
      if (this.#closed || !carriesFiles(event.dataTransfer)) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
      mark(true);
    };
    root.addEventListener("dragenter", over, { signal });
    root.addEventListener("dragover", over, { signal });
    root.addEventListener(
      "dragleave",
      ({ relatedTarget }) => {
        if (!(relatedTarget instanceof Node) || !root.contains(relatedTarget)) mark(false);
      },
      { signal },
    );
    root.addEventListener(
      "drop",
      (event) => {
        mark(false);
        if (this.#closed || !carriesFiles(event.dataTransfer)) return;
        event.preventDefault();
        event.stopPropagation();
        this.#take(event.dataTransfer);
      },
      { signal },
    );
    // Beside it: the browser would leave the notebook and open the file.
    /** @param {DragEvent} event */
    const beside = (event) => {
      if (event.defaultPrevented || !carriesFiles(event.dataTransfer)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = "none";
    };
    window.addEventListener("dragover", beside, { signal });
    window.addEventListener("drop", beside, { signal });
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    const [target] = event.composedPath(); // some hosts show widgets in a shadow root
    const here = [focusedElement(this.root), target].some(
      (node) => node instanceof Node && node !== document.body && this.root.contains(node),
    );
    const clipboard = event.clipboardData;
    if (!here || this.#closed || !clipboard) return;
    // A spreadsheet copies its cells as text and as a picture of them: in a text field the text
    // is meant.
    const writing = target instanceof Element && target.closest("textarea, input");
    if (writing && clipboard.types.includes("text/plain")) return;
    if (!clipboard.files.length) {
      if (!writing) this.say("The clipboard holds no picture and no file.");
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this.#take(clipboard, true);
  }

  /** @param {DataTransfer | null} transfer @param {boolean} pasted */
  #take(transfer, pasted = false) {
    for (const item of transfer?.items ?? []) {
      if (item.kind !== "file") continue;
      const entry = item.webkitGetAsEntry?.();
      const file = item.getAsFile();
      if (entry?.isDirectory) {
        const name = visibleName(entry.name);
        this.uploads.refuse(name, `“${name}” is a folder. Drop the files that are in it.`);
      } else if (file) {
        this.uploads.add(pasted ? this.#named(file) : file);
      }
    }
  }

  /**
   * A picture from the clipboard is always called image.png; several need names that differ.
   * @param {File} file
   */
  #named(file) {
    if (file.name !== "image.png") return file;
    this.#pasted += 1;
    return new File([file], `pasted-${this.#pasted}.png`, { type: file.type });
  }

  /** @param {Upload} upload @param {"added" | "changed" | "removed"} change @param {boolean} quiet */
  #show(upload, change, quiet = false) {
    if (change === "removed") return this.#remove(upload);
    let chip = this.#chips.get(upload);
    if (!chip) {
      chip = new Chip(upload, this.uploads);
      this.#chips.set(upload, chip);
      this.chips.append(chip.item);
      this.chips.hidden = false;
    }
    chip.update();
    const said = chip.news();
    if (said && !quiet) this.say(said);
  }

  /** @param {Upload} upload */
  #remove(upload) {
    const chip = this.#chips.get(upload);
    if (!chip) return;
    const focused = chip.item.contains(focusedElement(chip.item));
    const neighbour = chip.item.nextElementSibling ?? chip.item.previousElementSibling;
    chip.close();
    this.#chips.delete(upload);
    this.chips.hidden = !this.#chips.size;
    if (!focused) return;
    // The focus stays here, and the keyboard with it.
    const next = neighbour?.querySelector("button.nbagent-remove") ?? this.chooser;
    /** @type {HTMLElement} */ (next).focus();
    this.say(`${visibleName(upload.name)} removed.`);
  }
}

/** One file in the tray. */
class Chip {
  item = element("li", "nbagent-chip");
  #picture = element("span", "nbagent-thumbnail", { "aria-hidden": "true" });
  #detail = element("span", "nbagent-detail");
  #progress = /** @type {HTMLProgressElement} */ (element("progress", "nbagent-progress"));
  #again = button("nbagent-again", "Try again");
  #remove = button("nbagent-remove", "");
  /** @type {string | undefined} The address of the local file, while its picture is shown. */
  #address;
  #said = "";

  /** @param {Upload} upload @param {Uploads} uploads */
  constructor(upload, uploads) {
    this.upload = upload;
    this.name = visibleName(upload.name);
    const text = element("span", "nbagent-chip-text");
    this.#picture.textContent = extension(upload.name);
    this.#remove.setAttribute("aria-label", `Remove ${this.name}`);
    this.#remove.title = "Remove";
    this.#again.setAttribute("aria-label", `Try again to send ${this.name}`);
    this.#progress.setAttribute("aria-label", `Sending ${this.name}`);
    // Both end with the element.
    this.#remove.addEventListener("click", () => uploads.remove(upload));
    this.#again.addEventListener("click", () => uploads.retry(upload));
    const name = element("span", "nbagent-file-name", { title: this.name });
    name.textContent = shortName(this.name);
    text.append(name, this.#detail, this.#progress);
    this.item.append(this.#picture, text, this.#again, this.#remove);
  }

  update() {
    const { upload } = this;
    const { state, size } = upload;
    this.item.dataset["state"] = state;
    this.item.setAttribute("aria-busy", String(upload.underway));
    const detail = this.#text();
    if (this.#detail.textContent !== detail) this.#detail.textContent = detail;
    this.#progress.hidden = size < SHOWS_PROGRESS || !["sending", "silent"].includes(state);
    this.#progress.max = size;
    this.#progress.value = upload.arrived;
    this.#again.hidden = state !== "silent";
    if (state === "ready" && upload.kind === "picture") this.#showPicture();
  }

  /** What is new since the last time, as a sentence; empty for nothing. */
  news() {
    const { state, reason } = this.upload;
    const said = {
      ready: `${this.name} added.`,
      refused: `Refused: ${reason}`,
      silent: `${this.name} waits: ${reason}`,
      waiting: "",
      sending: "",
      checking: "",
    }[state];
    if (!said || said === this.#said) return "";
    return (this.#said = said);
  }

  /** Take the buttons away. */
  settle() {
    this.#again.remove();
    this.#remove.remove();
  }

  close() {
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = undefined;
    this.item.remove();
  }

  #text() {
    const { state, size, arrived, reason, notes } = this.upload;
    if (state === "refused") return reason;
    const sent = arrived && arrived < size ? `${sizeText(arrived)} of ${sizeText(size)}` : sizeText(size);
    if (state === "silent") return `${sent}. ${reason}`;
    if (state === "waiting") return `${sent}, waiting`;
    if (state === "sending") return sent;
    if (state === "checking") return `${sizeText(size)}, checking…`;
    return [sizeText(size), ...notes].join(", ");
  }

  /** Show the local file, now that Python has found it to be a picture of bearable size. */
  #showPicture() {
    const { file, thumbnail } = this.upload;
    if (this.#picture.querySelector("img")) return;
    const picture = /** @type {HTMLImageElement} */ (element("img", "", { alt: "" }));
    picture.decoding = "async";
    if (file && SHOWN_FORMATS.includes(file.type)) {
      picture.src = this.#address = URL.createObjectURL(file);
    } else if (thumbnail.startsWith("data:image/")) {
      picture.src = thumbnail;
    } else return;
    this.#picture.replaceChildren(picture);
  }
}

/** @param {DataTransfer | null} transfer */
function carriesFiles(transfer) {
  return transfer?.types.includes("Files") ?? false;
}

/** @param {string} className @param {string} label */
function button(className, label) {
  const made = /** @type {HTMLButtonElement} */ (element("button", `nbagent-button ${className}`));
  made.type = "button";
  made.textContent = label;
  return made;
}
