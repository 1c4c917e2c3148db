/** The page's elements. Text goes in as text, always: nothing here parses HTML. */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${id}`);
  return found;
}

/** @param {string} id */
export const byId = (id) => element(id, HTMLElement);

/** @param {string} id */
export const button = (id) => element(id, HTMLButtonElement);

/**
 * Touches the page only when the text is another one, so that nothing is read out or redrawn twice.
 * @param {HTMLElement} node
 * @param {string} text
 */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {(string | Node)[]} content
 */
export function make(tag, className, ...content) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...content);
  return node;
}
