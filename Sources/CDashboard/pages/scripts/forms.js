// Fields and forms.
//
//   const name = field({ label: "Name", path: "name", value: "", required: true, hint: "What a person reads" });
//   name.control.value;  name.setError("Too long");
//   form({ fields: [name, …], submit: "Save", onSubmit: async () => { await call(…) } })
// A refused call's violations stand beside the fields whose `path` they name; the others above the buttons.

import { append, busy, button, h, icon, notice, replace, unique } from "./elements.js";

/**
 * A label, a control, a hint and room for an error.
 * @param {{label, path?, type?, value?, options?: {value, label}[], rows?, hint?, required?, optional?, prefix?, suffix?, placeholder?, control?, hideLabel?, onInput?}} options
 *   type: text (default), number, date, "datetime-local", password, search, email, select, textarea; `control`: one's own.
 * @returns {HTMLElement & {control: HTMLInputElement, setError: (message?: string) => void, path?: string}}
 */
export function field(options) {
  const {
    label,
    path,
    type = "text",
    value,
    options: choices,
    rows,
    hint,
    required,
    optional,
    prefix,
    suffix,
    placeholder,
    hideLabel,
    onInput,
    ...rest
  } = options;
  const id = unique("field");
  const control = options.control ?? makeControl(type, { id, value, choices, rows, placeholder, required, rest });
  if (options.control) control.id = id;
  const error = h("p", { class: "fault", id: `${id}-fault`, hidden: true });
  const note = hint && h("p", { class: "hint", id: `${id}-hint` }, hint);
  if (note) control.setAttribute("aria-describedby", note.id);
  const box =
    prefix || suffix
      ? h(
          "div",
          { class: "affixed" },
          prefix && h("span", { class: "affix" }, prefix),
          control,
          suffix?.trim() && h("span", { class: "affix" }, suffix),
        )
      : control;
  const element = h(
    "div",
    { class: "field", "data-path": path },
    h(
      "label",
      { for: id, class: hideLabel && "visually-hidden" },
      label,
      optional && h("span", { class: "optional" }, " (optional)"),
    ),
    box,
    note,
    error,
  );
  if (onInput)
    control.addEventListener(control.tagName === "SELECT" ? "change" : "input", () => onInput(control.value));
  control.addEventListener("input", () => element.setError());
  control.addEventListener("change", () => element.setError());
  return Object.assign(element, {
    control,
    path,
    setError(message) {
      error.hidden = !message;
      error.textContent = message ?? "";
      message ? control.setAttribute("aria-invalid", "true") : control.removeAttribute("aria-invalid");
      const described = [note?.id, message && error.id].filter(Boolean).join(" ");
      described ? control.setAttribute("aria-describedby", described) : control.removeAttribute("aria-describedby");
    },
  });
}

function makeControl(type, { id, value, choices, rows, placeholder, required, rest }) {
  const shared = { id, required, autocomplete: "off", ...rest };
  delete shared.control;
  if (type === "select") {
    const control = h(
      "select",
      { class: "select", ...shared },
      (choices ?? []).map((choice) => h("option", { value: choice.value, disabled: choice.disabled }, choice.label)),
    );
    if (value !== undefined && value !== null) control.value = value;
    return control;
  }
  if (type === "textarea")
    return h("textarea", {
      class: "textarea",
      rows: rows ?? 4,
      placeholder,
      spellcheck: "false",
      ...shared,
      value: value ?? "",
    });
  const decimal = type === "number";
  return h("input", {
    class: "input",
    type: decimal ? "text" : type,
    inputmode: decimal ? "decimal" : null,
    placeholder,
    spellcheck: "false",
    ...shared,
    value: value ?? "",
  });
}

/** A tick box with its label. `element.control.checked`. */
export function check({ label, hint, checked, path, onChange, disabled }) {
  const control = h("input", { type: "checkbox", checked: Boolean(checked), disabled });
  if (onChange) control.addEventListener("change", () => onChange(control.checked));
  const error = h("p", { class: "fault", hidden: true });
  const element = h(
    "div",
    { "data-path": path },
    h("label", { class: "check" }, control, h("span", null, label, hint && h("span", { class: "hint" }, hint))),
    error,
  );
  return Object.assign(element, {
    control,
    path,
    setError(message) {
      error.hidden = !message;
      error.textContent = message ?? "";
    },
  });
}

/** A search box; `onSearch` is called a moment after typing stops, and at once on Enter. */
export function searchBox({ label, placeholder, value, onSearch, delay = 250 }) {
  const control = h("input", {
    class: "input",
    type: "search",
    placeholder: placeholder ?? label,
    "aria-label": label,
    value: value ?? "",
    autocomplete: "off",
    spellcheck: "false",
  });
  let timer;
  control.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => onSearch(control.value.trim()), delay);
  });
  control.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      clearTimeout(timer);
      onSearch(control.value.trim());
    }
  });
  return Object.assign(h("div", { class: "search grow" }, icon("search"), control), { control });
}

/**
 * A form. Enter submits; what is typed stays when it fails.
 * @param {{fields, submit?, danger?, cancel?: () => void, onSubmit: () => Promise, actions?}} options
 */
export function form({ fields, submit = "Save", danger, cancel, onSubmit, actions, class: extra }) {
  const problem = h("div", { hidden: true });
  const send = button(submit, { primary: !danger, danger, solid: danger, type: "submit" });
  const element = h(
    "form",
    { class: `form ${extra ?? ""}`, novalidate: true },
    fields,
    problem,
    h("div", { class: "form-actions" }, actions, cancel && button("Cancel", { onClick: () => cancel() }), send),
  );
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!checkRequired(element)) return;
    clearErrors(element);
    problem.hidden = true;
    busy(send, async () => {
      try {
        await onSubmit();
      } catch (error) {
        if (error.name === "AbortError") return;
        const rest = showViolations(element, error);
        if (!rest) return;
        problem.hidden = false;
        replace(problem, notice(rest, "wrong"));
      }
    });
  });
  return element;
}

/** "must not be negative" as a sentence. */
export function sentence(text) {
  const plain = String(text ?? "").trim();
  return plain && plain.charAt(0).toUpperCase() + plain.slice(1) + (/[.!?…]$/.test(plain) ? "" : ".");
}

/** Says beside each required field that it is empty, and goes to the first. */
export function checkRequired(root) {
  const missing = [...root.querySelectorAll("[required]")].filter(
    (control) => !control.value.trim() && control.offsetParent !== null,
  );
  for (const control of missing) control.closest(".field")?.setError?.("Fill this in.");
  missing[0]?.focus();
  return missing.length === 0;
}

export function clearErrors(root) {
  for (const element of root.querySelectorAll("[data-path]")) element.setError?.();
}

/**
 * Puts each violation of an ApiError beside the field that it names: the one whose path is the
 * violation's or the longest beginning of it.
 * @param {(path: string) => string} map from the server's path to the field's, where they differ.
 * @returns {HTMLElement | string | null} what concerns no field; null: nothing is left to be said.
 */
export function showViolations(root, error, map = (path) => path) {
  const fields = [...root.querySelectorAll("[data-path]")].filter((element) => element.setError);
  const told = new Map();
  const rest = [];
  for (const violation of error.violations ?? []) {
    const path = map(violation.field);
    const owner = fields
      .filter(
        (element) =>
          path === element.dataset.path ||
          path.startsWith(`${element.dataset.path}.`) ||
          path.startsWith(`${element.dataset.path}[`),
      )
      .sort((a, b) => b.dataset.path.length - a.dataset.path.length)[0];
    if (owner) told.set(owner, [...(told.get(owner) ?? []), violation.message]);
    else rest.push(violation);
  }
  for (const [owner, messages] of told) {
    owner.setError(messages.map(sentence).join(" "));
    for (let parent = owner.parentElement; parent && parent !== root; parent = parent.parentElement)
      if (parent.tagName === "DETAILS") parent.open = true;
  }
  const first = fields.find((element) => told.has(element));
  first?.control?.focus?.();
  first?.scrollIntoView?.({ block: "center" });
  if (rest.length)
    return h(
      "ul",
      { class: "stack-s" },
      rest.map((violation) =>
        h(
          "li",
          null,
          violation.field && h("code", null, map(violation.field)),
          violation.field && ": ",
          sentence(violation.message),
        ),
      ),
    );
  if (told.size) return null;
  return append(
    h("div"),
    h("p", null, error.message || "It didn’t work."),
    error.reason && h("p", { class: "soft small" }, error.reason),
  );
}
