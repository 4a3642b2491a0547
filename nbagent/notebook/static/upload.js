// @ts-check
/**
 * Sends files to Python, in pieces; nbagent/notebook/uploads.py says by which messages.
 *
 * A file is read piece by piece while it is sent, so the page holds a few pieces at a time and
 * never a whole file. Python says how far it has got; whatever is missing or damaged is read and
 * sent again. Without an answer for a while the upload says so, and goes on when one comes.
 */

import { checksum } from "./checksum.js";
import { visibleName } from "./file_names.js";

/**
 * @typedef {import("./feed.js").Model} Model
 * @typedef {"waiting" | "sending" | "silent" | "checking" | "ready" | "refused"} UploadState
 *   "silent": Python has not answered for a while.
 * @typedef {(upload: Upload, change: "added" | "changed" | "removed") => void} UploadListener
 * @typedef {{
 *   upload: string, id?: string, until?: number, again?: number[], kind?: string,
 *   notes?: string[], reason?: string,
 *   files?: {
 *     id: string, name: string, size: number, kind: string, notes: string[], thumbnail: string,
 *   }[],
 * }} UploadMessage
 */

/** Bytes in one message, as in uploads.py. A message over 10 MiB would close the connection. */
const PIECE_BYTES = 2 ** 20;
/** Pieces of a file that are sent before Python has confirmed the first of them. */
const PIECES_UNDERWAY = 8;
const FILES_UNDERWAY = 3;
/** Milliseconds without an answer after which Python is asked how far it has got. */
const ASK_HOW_FAR = 3_000;
/** Milliseconds without an answer after which an upload says so. */
const SILENCE = 12_000;

/** One file, on its way or arrived. */
export class Upload {
  id = randomId();
  /** @type {UploadState} */
  state = "waiting";
  /** Why it was refused, or why it does not go on. */
  reason = "";
  /** @type {string[]} What was done to it. */
  notes = [];
  /** A small picture of it as a `data:` address, where the file itself is not here. */
  thumbnail = "";
  /** What it is to Python: "picture", "text" or "file"; empty until that is known. */
  kind = "";
  /** Pieces below this number have arrived. */
  until = 0;
  /** The first piece that has not been sent yet. */
  next = 0;
  /** @type {number[]} Pieces to send again. */
  again = [];
  /** When Python was last heard, and asked. */
  heard = 0;
  asked = 0;
  reading = false;

  /** @param {string} name @param {number} size @param {File | null} file */
  constructor(name, size, file) {
    this.name = name;
    this.size = size;
    this.file = file;
  }

  /** Whether it is still to become ready or refused. */
  get underway() {
    return this.state !== "ready" && this.state !== "refused";
  }

  /** Bytes that have arrived. */
  get arrived() {
    return Math.min(this.until * PIECE_BYTES, this.size);
  }

  /** Take the number of the piece to send now. @returns {number | undefined} */
  takePiece() {
    if (this.state !== "sending") return undefined;
    const again = this.again.shift();
    if (again !== undefined) return again;
    const more = this.next * PIECE_BYTES < this.size && this.next - this.until < PIECES_UNDERWAY;
    return more ? this.next++ : undefined;
  }
}

/** The files of one widget model, in the order in which they are shown. */
export class Uploads {
  /** @type {Map<string, Upload>} */
  #uploads = new Map();
  /** @type {Set<UploadListener>} */
  #listeners = new Set();
  /** @type {Model | undefined} */
  #model;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {Model} model @returns {() => void} Ends it; what is underway is given up. */
  open(model) {
    /** @param {UploadMessage} message */
    const receive = (message) => this.#receive(message);
    this.#model = model;
    model.on("msg:custom", receive);
    // A page that was loaded anew shows what had arrived before.
    this.#post({ upload: "list" });
    return () => {
      clearInterval(this.#timer);
      model.off("msg:custom", receive);
      this.#model = undefined;
      for (const upload of this.#uploads.values()) upload.state = "refused";
    };
  }

  /** @returns {Upload[]} */
  get all() {
    return [...this.#uploads.values()];
  }

  /** @returns {Upload[]} */
  get ready() {
    return this.all.filter(({ state }) => state === "ready");
  }

  /** Whether a file is still on its way. */
  get underway() {
    return this.all.some(({ underway }) => underway);
  }

  /** @param {UploadListener} listener @param {AbortSignal} signal Ends it. */
  listen(listener, signal) {
    this.#listeners.add(listener);
    signal.addEventListener("abort", () => this.#listeners.delete(listener));
  }

  /** Send a file. @param {File} file */
  add(file) {
    const upload = new Upload(file.name, file.size, file);
    this.#put(upload);
    this.#begin();
  }

  /** Show something that cannot be sent, with the reason. @param {string} name @param {string} reason */
  refuse(name, reason) {
    const upload = new Upload(name, 0, null);
    upload.state = "refused";
    upload.reason = reason;
    this.#put(upload);
  }

  /** Take a file back, also while it is on its way. @param {Upload} upload */
  remove(upload) {
    if (!this.#uploads.delete(upload.id)) return;
    if (upload.file || upload.state === "ready") this.#post({ upload: "remove", id: upload.id });
    upload.state = "refused";
    this.#tell(upload, "removed");
    this.#begin();
  }

  /** Forget files that Python has taken, and those that were refused. @param {string[]} ids */
  taken(ids) {
    for (const upload of this.all) {
      if (!ids.includes(upload.id) && upload.state !== "refused") continue;
      this.#uploads.delete(upload.id);
      upload.state = "refused";
      this.#tell(upload, "removed");
    }
  }

  /** Go on with a file after a silence. @param {Upload} upload */
  retry(upload) {
    if (upload.state !== "silent") return;
    this.#start(upload);
  }

  /** @param {Upload} upload */
  #put(upload) {
    this.#uploads.set(upload.id, upload);
    this.#tell(upload, "added");
  }

  /** Start what waits, as many at a time as may be underway. */
  #begin() {
    let underway = this.all.filter(({ state }) => state === "sending").length;
    for (const upload of this.all) {
      if (underway >= FILES_UNDERWAY) return;
      if (upload.state !== "waiting") continue;
      underway += 1;
      this.#start(upload);
    }
  }

  /** @param {Upload} upload */
  #start(upload) {
    upload.state = "sending";
    upload.heard = performance.now();
    this.#timer ??= setInterval(() => this.#look(), 1_000);
    this.#tell(upload, "changed");
    this.#ask(upload);
    void this.#send(upload);
  }

  /** Send the file's header, which Python answers with how far it has got. @param {Upload} upload */
  #ask(upload) {
    const { id, name, size, next: sent } = upload;
    upload.asked = performance.now();
    const header = { upload: "begin", id, name, size, type: upload.file?.type ?? "", sent };
    if (!this.#post(header)) this.#fallSilent(upload, "The connection to the kernel is lost.");
  }

  /** Send as many pieces as may be sent now. @param {Upload} upload */
  async #send(upload) {
    const { file, id } = upload;
    if (upload.reading || !file) return;
    upload.reading = true;
    try {
      for (let n = upload.takePiece(); n !== undefined; n = upload.takePiece()) {
        const data = await file.slice(n * PIECE_BYTES, (n + 1) * PIECE_BYTES).arrayBuffer();
        const check = await checksum(data);
        if (upload.state !== "sending") return;
        if (!this.#post({ upload: "chunk", id, n, check }, [data])) {
          return this.#fallSilent(upload, "The connection to the kernel is lost.");
        }
      }
    } catch (error) {
      // The browser no longer lets the file be read: it was changed, moved or removed.
      if (!(error instanceof DOMException) || !this.#uploads.has(id)) throw error;
      this.#post({ upload: "remove", id });
      this.#refused(upload, `“${visibleName(upload.name)}” was changed or removed meanwhile. Choose it again.`);
    } finally {
      upload.reading = false;
    }
  }

  /** @param {UploadMessage} message */
  #receive(message) {
    if (message?.upload === "list") return this.#list(message);
    const upload = this.#uploads.get(message?.id ?? "");
    if (!upload || upload.state === "refused") return;
    upload.heard = performance.now();
    switch (message.upload) {
      case "receiving":
        return this.#goOn(upload, message);
      case "checking":
        upload.state = "checking";
        upload.until = upload.next = Math.ceil(upload.size / PIECE_BYTES);
        break;
      case "ready":
        upload.state = "ready";
        upload.until = upload.next = Math.ceil(upload.size / PIECE_BYTES);
        upload.kind = message.kind ?? "";
        upload.notes = message.notes ?? [];
        break;
      case "refused":
        return this.#refused(upload, message.reason ?? "");
      case "unknown":
        if (!upload.file) return this.#refused(upload, `“${visibleName(upload.name)}” is no longer there. Choose it again.`);
        upload.until = upload.next = 0;
        upload.again = [];
        return this.#start(upload);
      default:
        return;
    }
    upload.reason = "";
    this.#tell(upload, "changed");
    this.#begin();
  }

  /** @param {Upload} upload @param {UploadMessage} message */
  #goOn(upload, message) {
    if (upload.state === "checking" || upload.state === "ready") return;
    upload.state = "sending";
    upload.reason = "";
    upload.until = Math.max(upload.until, message.until ?? 0);
    upload.again.push(...(message.again ?? []).filter((n) => !upload.again.includes(n)));
    this.#tell(upload, "changed");
    void this.#send(upload);
  }

  /** @param {Upload} upload @param {string} reason */
  #refused(upload, reason) {
    upload.state = "refused";
    upload.reason = reason;
    this.#tell(upload, "changed");
    this.#begin();
  }

  /** @param {UploadMessage} message */
  #list(message) {
    for (const { id, name, size, kind, notes, thumbnail } of message.files ?? []) {
      if (this.#uploads.has(id)) continue;
      const upload = new Upload(name, size, null);
      Object.assign(upload, { id, kind, notes, thumbnail, state: "ready" });
      this.#put(upload);
    }
  }

  /** Ask after what has not been heard of for a while. */
  #look() {
    const now = performance.now();
    let open = false;
    for (const upload of this.all) {
      if (!["sending", "checking", "silent"].includes(upload.state)) continue;
      open = true;
      const silent = now - upload.heard;
      if (silent > SILENCE && upload.state !== "silent") {
        this.#fallSilent(upload, "The kernel does not answer: it is busy, or the connection is lost.");
      }
      const wait = upload.state === "silent" ? SILENCE : ASK_HOW_FAR;
      if (silent > wait && now - upload.asked > wait) this.#ask(upload);
    }
    if (open) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** @param {Upload} upload @param {string} reason */
  #fallSilent(upload, reason) {
    upload.state = "silent";
    upload.reason = reason;
    this.#tell(upload, "changed");
    this.#begin();
  }

  /** @param {Upload} upload @param {"added" | "changed" | "removed"} change */
  #tell(upload, change) {
    for (const listener of this.#listeners) listener(upload, change);
  }

  /**
   * @param {object} content @param {ArrayBuffer[]} buffers
   * @returns {boolean} Whether it could be handed to the connection.
   */
  #post(content, buffers = []) {
    try {
      this.#model?.send(content, undefined, buffers);
      return this.#model !== undefined;
    } catch (error) {
      console.warn("nbagent: a message could not be sent.", error);
      return false;
    }
  }
}

/** An id that nobody else has. */
export function randomId() {
  // Not randomUUID(), which pages over plain http do not have.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
