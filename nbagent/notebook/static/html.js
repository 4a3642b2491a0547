// @ts-check
/** Elements and HTML: what every part of a page is made with. */

/** @param {string} tag @param {string} className @param {Record<string, string>} attributes */
export function element(tag, className, attributes = {}) {
  const made = document.createElement(tag);
  made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/**
 * HTML that Python has cleaned, as nodes. The only place where HTML is parsed.
 * @param {string} html @returns {DocumentFragment}
 */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}
