// How elements are made. Text always goes in as text, never as markup.
//
//   h("p", { class: "soft" }, "Hello ", h("strong", null, name))
//   h("button", { type: "button", onclick: () => save(), disabled: true }, "Save")
//   h("i", { style: { width: "40%" }, dataset: { id: "1" } })
//   button("Save", { primary: true, icon: "check", onClick: async () => … })   busy while it runs
//   table({ columns: [{ label: "Name", key: "name" }, { label: "Paid", numeric: true, cell: row => money(row.paid) }],
//           rows, href: row => `…`, empty: "Nobody yet" })
// Tables, cards and the like are in displays.js, fields and forms in forms.js, dialogs, toasts and menus in
// overlays.js; all are exported here too.

import { icon } from "./icons.js";

export { icon } from "./icons.js";
export * from "./displays.js";
export * from "./forms.js";
export * from "./overlays.js";

const PROPERTIES = new Set(["value", "checked", "selected", "indeterminate", "disabled", "textContent", "className"]);

/** @returns {HTMLElement} `attributes`: `class`, `on…` functions, `style` and `dataset` as objects; null and false: left out. */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(element, attributes, children) {
  append(element, children);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function" && name.startsWith("on"))
      element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (name === "style") applyStyle(element, value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (PROPERTIES.has(name) && element instanceof HTMLElement) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  return element;
}

function applyStyle(element, styles) {
  for (const [name, text] of Object.entries(styles)) {
    if (name.startsWith("--")) element.style.setProperty(name, text);
    else element.style[name] = text;
  }
}

/** Adds children: nodes, text, numbers, arrays of them; null, undefined and booleans add nothing. */
export function append(element, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || typeof child === "boolean") continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** Puts other children in the place of those that there are. */
export function replace(element, ...children) {
  element.replaceChildren();
  return append(element, ...children);
}

let identifiers = 0;
/** An id that no other element has. */
export const unique = (prefix = "e") => `${prefix}-${++identifiers}`;

/**
 * A button, or with `href` a link that looks like one. While a promise of `onClick` is open it is
 * busy and can't be pressed again.
 * @param {{primary?, danger?, solid?, quiet?, small?, icon?, iconOnly?, href?, onClick?, type?, class?, title?}} options
 */
export function button(label, options = {}) {
  const {
    primary,
    danger,
    solid,
    quiet,
    small,
    icon: name,
    iconOnly,
    href,
    onClick,
    type = "button",
    class: extra,
    ...rest
  } = options;
  const classes = [
    "button",
    primary && "button-primary",
    danger && (solid ? "button-danger-solid" : "button-danger"),
    quiet && "button-quiet",
    small && "button-small",
    iconOnly && "button-icon",
    extra,
  ]
    .filter(Boolean)
    .join(" ");
  const content = [name && icon(name), iconOnly ? null : h("span", null, label)];
  const named = iconOnly ? { "aria-label": label, title: label } : {};
  if (href) return h("a", { class: classes, href, ...named, ...rest }, content);
  const element = h("button", { class: classes, type, ...named, ...rest }, content);
  if (onClick) element.addEventListener("click", (event) => busy(element, () => onClick(event)));
  return element;
}

/** Runs `work` while `element` shows that it is busy; ignores presses meanwhile. */
export async function busy(element, work) {
  if (element.getAttribute("aria-busy") === "true") return;
  const result = work();
  if (!(result instanceof Promise)) return result;
  const spinner = h("span", { class: "spinner", "aria-hidden": "true" });
  element.setAttribute("aria-busy", "true");
  const old = element.querySelector(".icon");
  old ? old.replaceWith(spinner) : element.prepend(spinner);
  try {
    return await result;
  } finally {
    element.removeAttribute("aria-busy");
    old ? spinner.replaceWith(old) : spinner.remove();
  }
}

const TONES = {
  active: "good",
  paid: "good",
  succeeded: "good",
  won: "good",
  accepted: "good",
  trialing: "accent",
  scheduled: "accent",
  open: "warn",
  pending: "warn",
  invited: "warn",
  past_due: "wrong",
  uncollectible: "wrong",
  failed: "wrong",
  lost: "wrong",
  expired: "quiet",
  canceled: "quiet",
  revoked: "quiet",
};

/** A status as a small label. `tone`: "good", "warn", "wrong", "accent", "quiet"; without: by the status. */
export function badge(text, tone) {
  const key = String(text).toLowerCase().replaceAll(" ", "_");
  return h("span", { class: `badge badge-${tone ?? TONES[key] ?? "quiet"}` }, words(text));
}

/** "past_due" as "Past due". */
export function words(text) {
  const plain = String(text ?? "").replaceAll("_", " ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
