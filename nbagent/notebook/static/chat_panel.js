// @ts-check
/** One view of a chat: the transcript, which scrolls, the composer, and what can be done with it. */

import { Composer, SLOW } from "./composer.js";
import { pushButton } from "./controls.js";
import { element } from "./html.js";
import { ownKeys } from "./keys.js";
import { LiveView } from "./live_view.js";
import { copyText, download } from "./export.js";
import { randomId } from "./upload.js";

/** @typedef {import("./chat.js").ChatMessage} ChatMessage @typedef {import("./chat.js").ChatState} ChatState */
/**
 * @typedef {{
 *   feed: import("./feed.js").Feed, uploads: import("./upload.js").Uploads, state: ChatState,
 *   outdated: boolean, name: string, send(message: object): boolean,
 * }} ChatModelSide
 */

/** Milliseconds for which a button says what it did, or asks whether it is meant. */
const SAID_FOR = 4_000;
const OUTDATED =
  "This page was loaded anew, so the notebook does not hold what was said since. " +
  "To save it too, show the chat in a new cell.";

const NOT_COPIED = "The browser does not allow copying here. Download it instead.";

export class ChatPanel {
  #ending = new AbortController();
  // Groups and no regions: a notebook may hold many chats.
  #root = element("div", "nbagent-chat nbagent-chat-empty", { role: "group" });
  #area = element("div", "nbagent-chat-area", { tabindex: "0", role: "group", "aria-label": "Conversation" });
  #partner = element("p", "nbagent-partner");
  #invitation = element("p", "nbagent-invitation");
  #outdated = element("p", "nbagent-outdated");
  #retry = tool("Retry", "retry", "Retry: answer the last message anew");
  #anew = tool("New", "new", "New conversation");
  #copy = tool("Copy", "copy", "Copy as Markdown");
  #html = tool("HTML", "download", "Download as HTML");
  #json = tool("JSON", "download", "Download as JSON");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #slow;
  /** @type {Map<string, (text: string, name: string) => void>} What to do with texts that were asked for. */
  #exports = new Map();
  /** @type {WeakSet<Element>} Messages that can be edited. */
  #editable = new WeakSet();
  /** Whether New asks if it is meant. */
  #asking = false;
  #closeView;

  /** @param {HTMLElement} place @param {ChatModelSide} chat */
  constructor(place, chat) {
    const { signal } = this.#ending;
    this.chat = chat;
    const empty = element("div", "nbagent-chat-welcome");
    empty.append(this.#partner, this.#invitation);
    this.#area.append(empty);
    this.view = new LiveView(this.#area, chat.feed, () => this.#offerEditing());
    this.view.bar.line.hidden = true;
    this.composer = new Composer(chat, this.#root, this.view.bar.line, signal, () => this.#toEnd());
    const tools = element("div", "nbagent-chat-tools", { role: "group", "aria-label": "With the conversation" });
    tools.append(this.#retry, this.#anew, this.#copy, this.#html, this.#json);
    this.#outdated.textContent = OUTDATED;
    this.#root.append(this.#area, this.composer.form, tools, this.#outdated);
    place.append(this.#root);
    ownKeys(this.#root, signal);
    this.#closeView = this.view.open();
    this.#listen(signal);
    this.update();
  }

  close() {
    clearTimeout(this.#slow);
    this.#closeView();
    this.#ending.abort();
    this.#root.remove();
  }

  /** @param {ChatMessage} message */
  take(message) {
    this.#heard();
    if (message.chat === "state") this.update();
    else if (message.chat === "exported") this.#exported(message);
    else if (message.chat === "refused" && this.#exports.delete(message.id)) this.composer.say(message.reason, "", true);
    else this.composer.take(message);
  }

  /** The chat's state has changed. */
  update() {
    const { name, running, turns, pictures } = this.chat.state;
    this.#root.setAttribute("aria-label", `Chat with ${name}`);
    this.#root.classList.toggle("nbagent-chat-empty", !turns.length);
    this.#root.classList.toggle("nbagent-chat-running", running);
    this.#partner.textContent = name;
    this.#invitation.textContent =
      `Write a message, or drop ${pictures ? "pictures and files" : "text files"} anywhere here.`;
    this.#outdated.hidden = !this.chat.outdated;
    for (const button of [this.#retry, this.#anew]) enable(button, turns.length > 0 && !running);
    for (const button of [this.#copy, this.#html, this.#json]) enable(button, turns.length > 0);
    this.composer.update();
    this.#offerEditing();
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const on = (/** @type {HTMLElement} */ button, /** @type {() => void} */ act) =>
      button.addEventListener("click", () => button.hasAttribute("aria-disabled") || act(), { signal });
    on(this.#retry, () => this.#send({ chat: "retry", turn: this.chat.state.turns.at(-1)?.id }));
    on(this.#anew, () => this.#forget());
    on(this.#copy, () => void this.#copyAll());
    on(this.#html, () => this.#export("html", (text, name) => download(name, text, "text/html")));
    on(this.#json, () => this.#export("json", (text, name) => download(name, text, "application/json")));
  }

  /** Give each message of the person a button by which it is edited. */
  #offerEditing() {
    this.chat.state.turns.forEach(({ id, item: index }, number) => {
      const item = this.view.page.element(index);
      if (!item || this.#editable.has(item)) return;
      this.#editable.add(item);
      const edit = pushButton("Edit", "nbagent-button nbagent-edit");
      edit.setAttribute("aria-label", `Edit message ${number + 1}`);
      // Ends with the element.
      edit.addEventListener("click", () => this.composer.askForDraft(id));
      item.append(edit);
    });
  }

  /** Show the end, where the person's own message will stand. */
  #toEnd() {
    this.#area.scrollTop = this.#area.scrollHeight;
  }

  /** Begin anew, if that is meant: nothing brings the conversation back. */
  #forget() {
    if (this.#asking) {
      this.#askNoMore();
      this.#send({ chat: "new" });
      return;
    }
    this.#asking = true;
    this.#anew.classList.add("nbagent-asking");
    this.#anew.textContent = "Forget all of it?";
    this.#anew.setAttribute("aria-label", "Forget all of it? Press again");
    this.composer.say("Press once more to forget the conversation and begin a new one.", "new");
    setTimeout(() => this.#askNoMore(), SAID_FOR);
  }

  #askNoMore() {
    if (!this.#asking) return;
    this.#asking = false;
    this.#anew.classList.remove("nbagent-asking");
    this.#anew.textContent = "New";
    this.#anew.setAttribute("aria-label", "New conversation");
    this.composer.unsay("new");
  }

  async #copyAll() {
    const text = new Promise((/** @type {(text: string) => void} */ resolve) => this.#export("markdown", resolve));
    const copied = await copyText(text, this.#root);
    this.#copy.textContent = copied ? "Copied" : "Copy";
    this.composer.say(copied ? "The conversation is copied as Markdown." : NOT_COPIED, "copy");
    setTimeout(() => {
      this.#copy.textContent = "Copy";
      this.composer.unsay("copy");
    }, SAID_FOR);
  }

  /** @param {string} form @param {(text: string, name: string) => void} use */
  #export(form, use) {
    const id = randomId();
    this.#exports.set(id, use);
    this.#send({ chat: "export", id, form });
  }

  /** @param {ChatMessage} message */
  #exported({ id, name, text }) {
    this.#exports.get(id)?.(text, name);
    this.#exports.delete(id);
  }

  /** Ask Python for something. @param {object} message */
  #send(message) {
    this.#heard();
    if (!this.chat.send(message)) return this.composer.sayLost();
    this.#slow = setTimeout(() => {
      this.composer.say("The kernel is busy. This is done as soon as it is free.", "busy");
    }, SLOW);
  }

  /** Python has answered. */
  #heard() {
    clearTimeout(this.#slow);
    this.composer.unsay("busy");
  }
}

/** @param {string} label @param {string} icon @param {string} name What it is called in full. */
function tool(label, icon, name) {
  const made = pushButton(label, `nbagent-button nbagent-tool-button nbagent-icon-${icon}`);
  made.setAttribute("aria-label", name);
  made.title = name;
  return made;
}

/** @param {HTMLElement} button @param {boolean} enabled */
function enable(button, enabled) {
  // Not disabled, which would take the focus away from who is there.
  if (enabled) button.removeAttribute("aria-disabled");
  else button.setAttribute("aria-disabled", "true");
}
