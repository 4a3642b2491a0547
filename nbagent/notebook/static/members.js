// @ts-check
/**
 * Who is at work while a team runs: a graph's picture, or a chip for each member, in which those
 * whose turn it is are lit.
 */

import { element, fragment } from "./html.js";

/**
 * @typedef {{name: string, colour: number, mark: string, working: boolean}} Member
 * @typedef {{team: string, members: Member[]}} Team
 */

/** Milliseconds for which somebody has been at work before it is said: turns may be short. */
const SAID_AFTER = 2_000;

export class Members {
  place = element("div", "nbagent-at-work");
  /** Read out by screen readers. */
  announcer = element("span", "nbagent-who-works", { "aria-live": "polite" });
  #picture = element("div", "nbagent-graph");
  #line = element("div", "nbagent-chips");
  #shown = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {AbortSignal} signal Ends it. */
  constructor(signal) {
    this.place.hidden = true;
    this.place.append(this.#picture, this.#line);
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
  }

  /** @param {string} html The picture of the outermost team; empty for none. */
  draw(html) {
    this.#picture.replaceChildren(fragment(html));
    this.#shown = "";
  }

  /** @param {Team[]} teams Outer teams first; none when no team runs. */
  show(teams) {
    const shown = JSON.stringify(teams);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const [first, ...inner] = teams;
    this.place.hidden = !first;
    const parts = [];
    if (first && this.#picture.firstChild) this.#light(first.members);
    else if (first) parts.push(chips(first.team, first.members));
    for (const { team, members } of inner) {
      const working = members.filter((member) => member.working);
      if (!working.length) continue;
      const name = element("span", "nbagent-inside", { "aria-hidden": "true" });
      name.textContent = team;
      parts.push(name, chips(team, working));
    }
    this.#line.replaceChildren(...parts);
    this.#say(teams.flatMap(({ members }) => members.filter(({ working }) => working)));
  }

  /** @param {Member[]} members */
  #light(members) {
    for (const [number, { colour, working }] of members.entries()) {
      const box = this.#picture.querySelector(`[data-member="${number}"]`);
      box?.classList.toggle("nbagent-lit", working);
      // The picture's own colours hold for those who have not spoken yet.
      if (colour) box?.classList.add(`nbagent-colour-${colour}`);
    }
  }

  /** @param {Member[]} working */
  #say(working) {
    clearTimeout(this.#timer);
    const names = working.map(({ name }) => name).join(", ");
    this.#timer = setTimeout(() => {
      const text = names && `At work: ${names}`;
      if (this.announcer.textContent !== text) this.announcer.textContent = text;
    }, SAID_AFTER);
  }
}

/** @param {string} team @param {Member[]} members */
function chips(team, members) {
  const list = element("ul", "nbagent-members", { "aria-label": `Team ${team}` });
  for (const { name, colour, mark, working } of members) {
    const letter = mark ? ` nbagent-mark-${mark}` : "";
    const chip = element("li", `nbagent-member nbagent-colour-${colour}${letter}`);
    chip.textContent = name;
    if (working) chip.setAttribute("aria-current", "true");
    list.append(chip);
  }
  return list;
}
