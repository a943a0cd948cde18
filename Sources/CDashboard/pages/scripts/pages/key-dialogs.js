// Making, rotating and ending keys. A key is shown once.

import { call } from "../api.js";
import { ask, button, check, copyable, dialog, field, form, h, notice, toast } from "../elements.js";
import { timeElement } from "../format.js";

const SCOPES = [
  ["entitlement:read", "Ask what may be done"],
  ["usage:read", "Read usage"],
  ["usage:write", "Record usage, hold and settle"],
  ["attach:write", "Sell, change and refund plans"],
  ["customers:read", "Read customers"],
  ["customers:write", "Change customers and balances"],
  ["customers:erase", "Delete customers"],
  ["catalog:read", "Read the catalog"],
  ["catalog:write", "Publish plans and features"],
  ["webhooks:read", "See receivers"],
  ["webhooks:write", "Replay webhooks"],
  ["keys:read", "List keys"],
  ["keys:write", "Make and end keys"],
];
const VALIDITY = [
  ["", "until it is revoked"],
  [86400, "a day"],
  [86400 * 30, "30 days"],
  [86400 * 90, "90 days"],
  [86400 * 365, "a year"],
];

export function createKey(context, again) {
  const live = context.environment === "live";
  const name = field({
    label: "Name",
    path: "name",
    required: true,
    placeholder: "Billing backend",
    hint: "What it is for.",
    maxlength: "120",
  });
  const kind = field({
    label: "Kind",
    path: "kind",
    type: "select",
    value: "secret",
    options: [
      { value: "secret", label: "Secret: for a server of your own" },
      { value: "publishable", label: "Publishable: for pages that everybody can read" },
    ],
    onInput: (value) => {
      scopes.hidden = value !== "secret";
    },
  });
  const validity = field({
    label: "Good for",
    path: "validity",
    type: "select",
    value: "",
    options: VALIDITY.map(([value, label]) => ({ value: String(value), label })),
  });
  const everything = check({
    label: "Everything",
    hint: "Also what comes in later versions.",
    checked: true,
    onChange: (on) => {
      boxes.hidden = on;
    },
  });
  const each = SCOPES.map(([scope, about]) => ({
    scope,
    box: check({ label: about, hint: scope, checked: scope.endsWith(":read") }),
  }));
  const boxes = h(
    "div",
    { class: "columns scope-list", hidden: true },
    each.map(({ box }) => box),
  );
  const scopes = h(
    "fieldset",
    { class: "stack-s", "data-path": "scopes" },
    h("legend", { class: "small" }, "It may"),
    everything,
    boxes,
  );
  const fault = h("p", { class: "fault", hidden: true });
  scopes.append(fault);
  scopes.setError = (message) => {
    fault.hidden = !message;
    fault.textContent = message ?? "";
  };
  const box = dialog({
    title: `Create a ${context.environment} key`,
    wide: true,
    body: form({
      fields: [
        live ? notice("It reaches real customers. Give it no more than it needs.", "warn") : null,
        h("div", { class: "fields fields-wide" }, name, kind, validity),
        scopes,
      ],
      submit: "Create",
      cancel: () => box.close(),
      onSubmit: async () => {
        const chosen = everything.control.checked
          ? ["*"]
          : each.filter((entry) => entry.box.control.checked).map((entry) => entry.scope);
        if (kind.control.value === "secret" && !chosen.length) return scopes.setError("Choose at least one.");
        const seconds = Number(validity.control.value);
        const made = await call("KeyService/CreateKey", {
          name: name.control.value.trim(),
          kind: kind.control.value,
          ...(kind.control.value === "secret" ? { scopes: chosen } : {}),
          ...(seconds ? { validity: { seconds, nanos: 0 } } : {}),
        });
        box.close();
        secret("The new key", made.secret);
        return again();
      },
    }),
  });
}

function secret(title, text, more) {
  dialog({
    title,
    body: [
      copyable(text),
      notice("It is shown this once and can’t be read again. Keep it where your server’s secrets are.", "warn"),
      more,
    ],
    actions: (close) => button("I have kept it", { primary: true, onClick: () => close() }),
  });
}

export function rotateKey(key, again) {
  const overlap = field({
    label: "The old key stays good for",
    type: "select",
    value: "86400",
    options: [
      ["0", "not at all"],
      ["3600", "an hour"],
      ["86400", "a day"],
      ["604800", "a week"],
      ["2592000", "30 days"],
    ].map(([value, label]) => ({ value, label })),
  });
  const box = dialog({
    title: `Rotate ${key.name || key.key_id}`,
    body: form({
      fields: [
        h(
          "p",
          { class: "soft" },
          "A new key takes its place, with the same name and scopes. Hand it out while the old one is still good.",
        ),
        overlap,
      ],
      submit: "Rotate",
      cancel: () => box.close(),
      onSubmit: async () => {
        const made = await call("KeyService/RotateKey", {
          key_id: key.key_id,
          overlap: { seconds: Number(overlap.control.value), nanos: 0 },
        });
        box.close();
        secret(
          "The key in its place",
          made.secret,
          h("p", { class: "soft" }, "The old key ends ", timeElement(made.old_key.expire_time), "."),
        );
        again();
      },
    }),
  });
}

export async function revokeKey(context, key, again) {
  const name = key.name || key.key_id;
  const done = await ask({
    title: `Revoke ${name}?`,
    text: "The next call with it is refused, on open connections too. There is no way back.",
    confirm: "Revoke",
    danger: true,
    type: context.environment === "live" ? name : null,
    run: () => call("KeyService/RevokeKey", { key_id: key.key_id }),
  });
  if (!done) return;
  toast(`${name} is revoked.`);
  again();
}
