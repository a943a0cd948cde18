// What lies over the page: dialogs, questions, toasts, menus.
//
//   const box = dialog({ title: "Invite", body: form(…), wide: true });   box.close();  await box.closed;
//   if (await ask({ title: "Revoke the key?", text: "…", confirm: "Revoke", danger: true, type: "live" })) …
//   toast("Saved");  toast("It didn’t work", { tone: "wrong" });
//   menu("More", [{ label: "Rename", icon: "edit", onClick }, "-", { label: "Delete", danger: true, onClick }])

import { append, button, errorState, field, h, icon, replace, unique } from "./elements.js";

/**
 * Opens a dialog; Escape and the cross close it, focus goes back to where it was.
 * @param {{title, body, actions?: (close) => Node[], wide?, onClose?, modal?}} options
 */
export function dialog({ title, body, actions, wide, onClose, locked }) {
  const id = unique("dialog");
  let settle;
  const closed = new Promise((resolve) => {
    settle = resolve;
  });
  let answer;
  const close = (value) => {
    answer = value;
    element.close();
  };
  const element = h(
    "dialog",
    { class: `dialog ${wide ? "dialog-wide" : ""}`, "aria-labelledby": id },
    h(
      "div",
      { class: "dialog-head" },
      h("h2", { id }, title),
      !locked && button("Close", { icon: "close", iconOnly: true, quiet: true, onClick: () => close() }),
    ),
    h("div", { class: "dialog-body", tabindex: "-1" }, body),
    actions && h("div", { class: "dialog-foot" }, actions(close)),
  );
  if (locked) element.addEventListener("cancel", (event) => event.preventDefault());
  element.addEventListener("close", () => {
    element.remove();
    onClose?.(answer);
    settle(answer);
  });
  document.body.append(element);
  element.showModal();
  (
    element.querySelector("[autofocus]") ??
    element.querySelector(".dialog-body :is(input, select, textarea):not([disabled])") ??
    element.querySelector(":is(.dialog-body, .dialog-foot) .button:not([disabled])")
  )?.focus();
  return { element, close, closed };
}

/** Asks before something is done. `type`: a word that has to be typed. `run`: is done while the dialog stays, and what goes wrong is told in it. */
export function ask({ title, text, confirm = "Continue", danger, type, body, run }) {
  return new Promise((resolve) => {
    const word =
      type && field({ label: append(h("span"), "Type ", h("strong", null, type), " to confirm"), autofocus: true });
    const problem = h("div", { hidden: true });
    const press = async () => {
      if (run)
        try {
          await run();
        } catch (error) {
          problem.hidden = false;
          return void replace(problem, errorState(error));
        }
      box.close(true);
    };
    const go = button(confirm, { primary: !danger, danger, solid: danger, disabled: Boolean(type), onClick: press });
    word?.control.addEventListener("input", () => {
      go.disabled = word.control.value.trim() !== type;
    });
    word?.control.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !go.disabled) {
        event.preventDefault();
        go.click();
      }
    });
    const box = dialog({
      title,
      body: [text && (text instanceof Node ? text : h("p", null, text)), body, word, problem],
      actions: (close) => [button("Cancel", { onClick: () => close(false) }), go],
      onClose: (answer) => resolve(Boolean(answer)),
    });
    if (!type) go.focus();
  });
}

let toasts;
/** Says something in passing. `action`: { label, onClick }. Errors stay until they are closed. */
export function toast(message, { tone = "good", action, seconds = 5 } = {}) {
  toasts ??= h("div", { class: "toasts", role: "status", "aria-live": "polite", popover: "manual" });
  if (!toasts.isConnected) document.body.append(toasts);
  // Shown anew, it lies over a dialog that was opened meanwhile.
  if (toasts.matches(":popover-open")) toasts.hidePopover();
  toasts.showPopover();
  const element = h(
    "div",
    { class: `toast toast-${tone}` },
    h("div", { class: "grow" }, message),
    action &&
      button(action.label, {
        small: true,
        onClick: () => {
          gone();
          return action.onClick();
        },
      }),
    button("Dismiss", { icon: "close", iconOnly: true, small: true, quiet: true, onClick: () => gone() }),
  );
  const gone = () => {
    element.remove();
    if (!toasts.childElementCount) toasts.hidePopover();
  };
  toasts.append(element);
  if (tone !== "wrong") setTimeout(gone, seconds * 1000);
}

/**
 * A button that opens a menu. Items: { label, icon?, danger?, href?, onClick?, checked? }, { note: "…" }, or "-" for a line.
 * @param {Node | string} trigger a label, or a button of one's own.
 */
export function menu(trigger, items, options = {}) {
  const opener = trigger instanceof Node ? trigger : button(trigger, options);
  const panel = h("div", {
    class: "menu",
    popover: "auto",
    role: "menu",
    id: unique("menu"),
    "aria-label": opener.textContent || opener.getAttribute("aria-label") || "Menu",
  });
  opener.setAttribute("aria-haspopup", "menu");
  opener.setAttribute("aria-expanded", "false");
  opener.popoverTargetElement = panel;
  const item = (entry) => {
    if (entry === "-") return h("div", { class: "menu-rule", role: "separator" });
    if (entry.note) return h("div", { class: "menu-note", role: "presentation" }, entry.note);
    const attributes = {
      class: `menu-item ${entry.danger ? "menu-danger" : ""}`,
      tabindex: "-1",
      role: entry.checked === undefined ? "menuitem" : "menuitemradio",
      "aria-checked": entry.checked === undefined ? null : String(entry.checked),
    };
    const content = [entry.icon && icon(entry.icon), h("span", null, entry.label)];
    if (entry.href) return h("a", { ...attributes, href: entry.href, onclick: () => panel.hidePopover() }, content);
    return h(
      "button",
      {
        ...attributes,
        type: "button",
        onclick: () => {
          panel.hidePopover();
          entry.onClick?.();
        },
      },
      content,
    );
  };
  panel.addEventListener("toggle", (event) => {
    const open = event.newState === "open";
    opener.setAttribute("aria-expanded", String(open));
    if (!open) return;
    place(panel, opener);
    panel.querySelector(".menu-item")?.focus();
  });
  panel.addEventListener("beforetoggle", (event) => {
    if (event.newState === "open")
      replace(panel, (typeof items === "function" ? items() : items).filter(Boolean).map(item));
  });
  panel.addEventListener("keydown", (event) => {
    const entries = [...panel.querySelectorAll(".menu-item")];
    const at = entries.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 + entries.length, Home: 0, End: entries.length - 1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      entries[next % entries.length].focus();
    }
    if (event.key === "Tab") panel.hidePopover();
  });
  return h("span", { class: options.class ?? "menu-host" }, opener, panel);
}

function place(panel, opener) {
  const at = opener.getBoundingClientRect();
  const size = panel.getBoundingClientRect();
  const below = at.bottom + 4 + size.height < innerHeight;
  panel.style.top = `${Math.max(8, below ? at.bottom + 4 : at.top - size.height - 4)}px`;
  panel.style.left = `${Math.max(8, Math.min(at.right - size.width > 8 && at.left + size.width > innerWidth - 8 ? at.right - size.width : at.left, innerWidth - size.width - 8))}px`;
}
