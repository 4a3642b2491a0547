// @ts-check
/** Where a message is written: text, files, Send. */

import { onEnter, pushButton, textBox } from "./controls.js";
import { dropDraft, keepDraft, keptDraft } from "./drafts.js";
import { element } from "./html.js";
import { Tray } from "./tray.js";
import { randomId } from "./upload.js";

/**
 * @typedef {import("./chat.js").ChatMessage} ChatMessage
 * @typedef {import("./chat_panel.js").ChatModelSide} ChatModelSide
 * @typedef {{chat: "send", id: string, text: string, files: string[], turn: string | null}} Sent
 * @typedef {{turn: string, files: string[], aside: string}} Editing The turn that is edited, its
 *   files, and what was being written before.
 */

/** Milliseconds after which it is said that Python has not answered yet. */
export const SLOW = 1_500;
const LOST = "The connection to the kernel is lost. If it was restarted, run the cell again.";

export class Composer {
  form = element("div", "nbagent-composer", { role: "group", "aria-label": "Your message" });
  #banner = element("div", "nbagent-editing");
  #status = element("p", "nbagent-composer-status", { role: "status" });
  #about = "";
  #send = pushButton("Send", "nbagent-button nbagent-primary");
  /** @type {HTMLTextAreaElement} */
  #box;
  /** @type {Editing | undefined} */
  #editing;
  /** The turn whose text was asked for, to edit it. */
  #asked = "";
  /** @type {Sent | undefined} The message that is on its way. */
  #underway;
  /** Whether it is sent as soon as the files are there. */
  #waiting = false;
  /** How many files had been refused when the waiting began. */
  #refused = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #slow;

  /**
   * @param {ChatModelSide} chat
   * @param {HTMLElement} root Takes files that are dropped, and pasted.
   * @param {HTMLElement} bar What stands beside Send while an answer comes.
   * @param {AbortSignal} signal Ends it.
   * @param {() => void} sent Called when a message is in the conversation.
   */
  constructor(chat, root, bar, signal, sent) {
    this.chat = chat;
    this.sent = sent;
    this.#box = textBox(signal, { "aria-label": "Message" });
    this.tray = new Tray(chat.uploads, root, signal);
    const cancel = pushButton("Cancel", "nbagent-button");
    const words = element("p", "");
    words.textContent = "You are editing a message. What came after it will be forgotten.";
    this.#banner.append(words, cancel);
    this.#banner.hidden = true;
    const hint = element("span", "nbagent-composer-hint");
    hint.textContent = "Enter sends, Shift+Enter begins a new line";
    const line = element("div", "nbagent-composer-line");
    line.append(this.tray.chooser, hint, bar, this.#send);
    this.form.append(this.#banner, this.tray.chips, this.#box, line, this.#status, this.tray.status);
    onEnter(this.#box, () => this.#submit(), signal);
    this.#send.addEventListener("click", () => this.#submit(), { signal });
    cancel.addEventListener("click", () => this.#endEditing(), { signal });
    this.#box.addEventListener("input", () => this.#keep(), { signal });
    // Beside the box, it is the box that is meant.
    this.form.addEventListener("click", ({ target }) => target === this.form && this.#box.focus(), { signal });
    chat.uploads.listen(() => this.#filesChanged(), signal);
    signal.addEventListener("abort", () => clearTimeout(this.#slow));
    const draft = keptDraft(chat.name);
    if (typeof draft === "string") this.#box.value = draft;
  }

  /** The chat's state has changed. */
  update() {
    const { name, running, last, turns } = this.chat.state;
    this.#box.placeholder = name ? `Message ${name}` : "Message";
    if (this.#underway && last === this.#underway.id) this.#arrived(this.#underway);
    if (this.#editing && !turns.some(({ id }) => id === this.#editing?.turn)) this.#leaveEditing();
    if (running) this.#send.setAttribute("aria-disabled", "true");
    else this.#send.removeAttribute("aria-disabled");
    if (!running) this.unsay("running");
    this.#lookAtPictures();
  }

  /** @param {ChatMessage} message */
  take(message) {
    if (message.chat === "refused") {
      const { id, reason } = message;
      if (id && id !== this.#underway?.id) return; // of another view
      if (id) this.#unlock();
      this.say(reason, "", true);
    } else if (message.chat === "draft" && message.turn === this.#asked) {
      this.#asked = "";
      this.#edit(message);
    }
  }

  /** Edit what was sent in a turn. @param {string} turn */
  askForDraft(turn) {
    this.#asked = turn;
    if (!this.chat.send({ chat: "edit", turn })) this.sayLost();
  }

  /**
   * Say something below the box, in place of what stood there.
   * @param {string} text @param {string} about What it is about, for `unsay`. @param {boolean} bad
   */
  say(text, about = "", bad = false) {
    this.#about = about;
    this.#status.textContent = text;
    this.#status.classList.toggle("nbagent-bad", bad);
  }

  /** Say no more of something. @param {string} about */
  unsay(about) {
    if (this.#about === about) this.say("");
  }

  sayLost() {
    this.say(LOST, "", true);
  }

  #submit() {
    const { state, uploads } = this.chat;
    if (this.#underway) return this.#post(this.#underway); // Python takes it but once
    if (state.running) return this.say("An answer is still coming. Press Stop first, or wait for its end.", "running");
    if (uploads.underway) {
      this.#waiting = true;
      this.#refused = this.#countRefused();
      return this.say("This is sent as soon as the files are here.");
    }
    const files = uploads.ready.map(({ id }) => id);
    const text = this.#box.value;
    if (!text.trim() && !files.length) return this.say("Write something, or add a file.", "empty");
    if (this.#lookAtPictures()) return;
    this.say("");
    this.#box.readOnly = true;
    this.#post({ chat: "send", id: randomId(), text, files, turn: this.#editing?.turn ?? null });
  }

  /** @param {Sent} message */
  #post(message) {
    clearTimeout(this.#slow);
    if (!this.chat.send(message)) {
      this.#unlock();
      return this.sayLost();
    }
    this.#underway = message;
    this.#slow = setTimeout(() => {
      this.say("The kernel is busy. This is sent as soon as it is free; if the connection was lost, press Send again.");
    }, SLOW);
  }

  /** The message is in the conversation. @param {Sent} message */
  #arrived({ files }) {
    const aside = this.#editing?.aside ?? "";
    this.#unlock();
    this.#leaveEditing();
    this.#write(aside);
    this.chat.uploads.taken(files);
    this.sent();
  }

  #unlock() {
    clearTimeout(this.#slow);
    this.#underway = undefined;
    this.#box.readOnly = false;
    this.say("");
  }

  #filesChanged() {
    const { underway } = this.chat.uploads;
    if (!this.#waiting) {
      this.#lookAtPictures();
    } else if (!underway) {
      this.#waiting = false;
      if (this.#countRefused() > this.#refused) {
        this.say("Not sent, as a file was refused. Press Send to go on without it.", "", true);
      } else this.#submit();
    }
  }

  #countRefused() {
    return this.chat.uploads.all.filter(({ state }) => state === "refused").length;
  }

  /** Whether there are pictures that the model does not take; it is said. */
  #lookAtPictures() {
    const { state, uploads } = this.chat;
    const unseen = !state.pictures && uploads.ready.some(({ kind }) => kind === "picture");
    const text = `${state.name} takes no pictures. Remove them, or make the chat with a model that sees.`;
    if (unseen) this.say(text, "pictures", true);
    else this.unsay("pictures");
    return unseen;
  }

  /** @param {ChatMessage} draft */
  #edit({ turn, text, files }) {
    this.#editing = { turn, files, aside: this.#editing?.aside ?? this.#box.value };
    this.#banner.hidden = false;
    this.#write(text);
    this.#box.focus();
  }

  /** Give up editing, and go on with what was being written before. */
  #endEditing() {
    if (!this.#editing) return;
    const { files, aside } = this.#editing;
    for (const upload of this.chat.uploads.all) {
      if (files.includes(upload.id)) this.chat.uploads.remove(upload);
    }
    this.#leaveEditing();
    this.#write(aside);
    this.#box.focus();
  }

  #leaveEditing() {
    this.#editing = undefined;
    this.#banner.hidden = true;
  }

  /** @param {string} text */
  #write(text) {
    this.#box.value = text;
    this.#box.dispatchEvent(new Event("input"));
  }

  /** Keep what is written for a page that is loaded anew. */
  #keep() {
    this.unsay("empty");
    const text = this.#box.value || this.#editing?.aside;
    if (text) keepDraft(this.chat.name, text);
    else dropDraft(this.chat.name);
  }
}
