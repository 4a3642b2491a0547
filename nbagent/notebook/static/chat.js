// @ts-check
/**
 * A chat: a transcript, and a composer below it; an anywidget. nbagent/notebook/chat_view.py
 * describes the messages, and nbagent/notebook/chat_page.py why it looks for its place.
 */

import { ChatPanel } from "./chat_panel.js";
import { Feed } from "./feed.js";
import { element } from "./html.js";
import { Places } from "./places.js";
import { Uploads } from "./upload.js";

/**
 * @typedef {import("./feed.js").Model & {get(name: string): any}} ChatModel
 * @typedef {{
 *   name: string, pictures: boolean, running: boolean, turns: {id: string, item: number}[],
 *   last: string, kept: number | null,
 * }} ChatState
 * @typedef {{chat: string} & Record<string, any>} ChatMessage
 */

/** Milliseconds that the page has to show what Python keeps in the notebook. */
const KEPT_WITHIN = 3_000;

/** What Jupyter's widgets say when their kernel is gone, as after a restart. */
const DISCONNECTED = "comm_live_update";

export default () => {
  const chat = new Chat();
  return {
    /** @param {{model: ChatModel}} context */
    initialize: ({ model }) => chat.open(model),
    /** @param {{el: HTMLElement}} context */
    render: ({ el }) => chat.showIn(el),
  };
};

/** What all views of a chat have in common. */
class Chat {
  feed = new Feed();
  uploads = new Uploads();
  /** @type {ChatState} */
  state = { name: "", pictures: true, running: false, turns: [], last: "", kept: null };
  /** Whether the notebook's static transcript is older than the conversation. */
  outdated = false;
  /** Under which drafts are kept. */
  name = "";
  #ending = new AbortController();
  /** Hides the static transcript while a view shows the same. */
  #hiding = element("style", "");
  /** @type {Set<ChatPanel>} */
  #panels = new Set();
  /** @type {ChatModel | undefined} */
  #model;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #looking;

  /** @param {ChatModel} model @returns {() => void} Ends it. */
  open(model) {
    const { signal } = this.#ending;
    /** @param {ChatMessage} message */
    const receive = (message) => this.#receive(message);
    this.#model = model;
    this.name = model.get("place");
    model.on("msg:custom", receive);
    const closeFeed = this.feed.open(model);
    const closeUploads = this.uploads.open(model);
    const saved = `.nbagent-saved-${this.name}`;
    this.#hiding.textContent =
      `${saved}, .jp-OutputArea-child:has(> .jp-OutputArea-output > ${saved}) { display: none; }`;
    new Places(`nbagent-place-${this.name}`, (place) => this.showIn(place), signal);
    this.send({ chat: "hello" });
    const end = () => {
      this.#ending.abort();
      clearTimeout(this.#looking);
      closeUploads();
      closeFeed();
      model.off("msg:custom", receive);
      model.off(DISCONNECTED, end);
      this.#model = undefined;
    };
    model.on(DISCONNECTED, end);
    return end;
  }

  /** @param {HTMLElement} place @returns {() => void} Ends it, and leaves the place as it was. */
  showIn(place) {
    const note = [...place.childNodes];
    place.replaceChildren();
    const panel = new ChatPanel(place, this);
    this.#panels.add(panel);
    document.head.append(this.#hiding);
    return () => {
      this.#panels.delete(panel);
      panel.close();
      place.replaceChildren(...note);
      if (!this.#panels.size) this.#hiding.remove();
    };
  }

  /** @param {object} message @returns {boolean} Whether it could be handed to the connection. */
  send(message) {
    try {
      this.#model?.send(message);
      return this.#model !== undefined;
    } catch (error) {
      console.warn("nbagent: a message could not be sent.", error);
      return false;
    }
  }

  /** @param {ChatMessage} message */
  #receive(message) {
    if (typeof message?.chat !== "string") return;
    if (message.chat === "state") {
      const { name, pictures, running, turns, last, kept } = message;
      this.state = { name, pictures, running, turns, last, kept };
      clearTimeout(this.#looking);
      if (!running && kept !== null) this.#looking = setTimeout(() => this.#look(), KEPT_WITHIN);
    }
    for (const panel of this.#panels) panel.take(message);
  }

  /** Look whether the static transcript in the page is the newest. */
  #look() {
    const saved = document.getElementsByClassName(`nbagent-saved-${this.name}`);
    const newest = `nbagent-kept-${this.state.kept}`;
    this.outdated = saved.length > 0 && ![...saved].some(({ classList }) => classList.contains(newest));
    for (const panel of this.#panels) panel.update();
  }
}
