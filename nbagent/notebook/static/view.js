// @ts-check
/**
 * The live view of a transcript while its run goes on; an anywidget.
 *
 * Python renders and cleans all HTML. It sends numbered messages with operations, which
 * nbagent/render/live.py describes; this module carries them out, a few milliseconds a frame.
 * What is missing is noticed by the numbers, and asked for as a snapshot.
 *
 * Its parts: `Feed` receives, one for a model; `LiveView` shows, one for a view. In it, `Page`
 * holds the transcript's elements, `Members` is the line that shows who is at work, and `Bar` the
 * line with Stop, time and tokens.
 */

import { Feed } from "./feed.js";
import { LiveView } from "./live_view.js";

/** @typedef {import("./feed.js").Model} Model */

export default () => {
  const feed = new Feed();
  return {
    /** @param {{model: Model}} context */
    initialize: ({ model }) => feed.open(model),
    /** @param {{model: Model, el: HTMLElement}} context */
    render: ({ el }) => new LiveView(el, feed).open(),
  };
};
