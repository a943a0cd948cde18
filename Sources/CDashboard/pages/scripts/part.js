// A part of a page that is drawn anew when what it shows has changed, and only then: what is opened in it,
// or has the focus, isn't lost to every look at the server.

import { h, replace } from "./elements.js";

// What stands for an element when it is drawn anew: its own name, or that of the details that it is in.
export const focusKey = (target) =>
  (target.closest("[data-focus]") ?? target.closest("details")?.querySelector("summary[data-focus]"))?.dataset.focus;

// `slice()`: what is shown; `render()`: draws it, or null where there is nothing to be drawn.
export function part(slice, render, attributes) {
  const element = h("div", attributes);
  let shown;
  const update = () => {
    const now = JSON.stringify(slice());
    if (now === shown) return;
    // A menu that is open stays; what has changed is drawn when it closes.
    const menu = element.querySelector(":popover-open");
    if (menu) return void menu.addEventListener("toggle", () => setTimeout(update), { once: true });
    shown = now;
    const focused = element.contains(document.activeElement) ? focusKey(document.activeElement) : undefined;
    const open = new Set([...element.querySelectorAll("details[open][data-key]")].map((each) => each.dataset.key));
    const content = render();
    element.hidden = !content;
    replace(element, content);
    for (const each of element.querySelectorAll("details[data-key]")) if (open.has(each.dataset.key)) each.open = true;
    if (focused) element.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  };
  update();
  return { element, update };
}
