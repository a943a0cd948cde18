// API keys of the environment: shown once, rotated without anybody noticing, ended at once.

import { call } from "../api.js";
import { badge, button, card, check, emptyState, h, loading, menu, table, words } from "../elements.js";
import { timeElement } from "../format.js";
import { createKey, revokeKey, rotateKey } from "./key-dialogs.js";

export default {
  async load(context) {
    let ended = false;
    const list = loading(() => show(context, ended, () => list.reload()));
    const both = check({
      label: "Show those that ended",
      onChange: (on) => {
        ended = on;
        list.reload();
      },
    });
    return h(
      "div",
      { class: "stack" },
      h(
        "div",
        { class: "row row-between" },
        both,
        context.can("keys:write") &&
          button("Create key", { primary: true, icon: "plus", onClick: () => createKey(context, () => list.reload()) }),
      ),
      card({ flush: true }, list),
    );
  },
};

async function show(context, ended, again) {
  const { keys } = await call("KeyService/ListKeys", {}, { signal: context.signal });
  const rows = keys.filter((key) => ended || key.state === "active").reverse();
  return table({
    caption: "API keys",
    rows,
    empty: emptyState({ icon: "key", title: "No keys", text: "A key lets your server talk to Tally." }),
    columns: [
      {
        label: "Name",
        cell: (row) =>
          h(
            "span",
            null,
            h("span", { class: "strong" }, row.name || "Without a name"),
            h("br"),
            h("code", { class: "soft small" }, `${row.prefix}…`),
          ),
      },
      {
        label: "Kind",
        cell: (row) => h("div", { class: "row" }, words(row.kind), row.state === "active" ? null : badge(row.state)),
      },
      { label: "May", cell: (row) => scopesText(row.scopes) },
      { label: "Created", cell: (row) => timeElement(row.create_time) },
      {
        label: "Last used",
        cell: (row) => (row.last_use_time ? timeElement(row.last_use_time) : h("span", { class: "soft" }, "Never")),
      },
      {
        label: "Ends",
        cell: (row) => (row.expire_time ? timeElement(row.expire_time) : h("span", { class: "soft" }, "–")),
      },
      {
        label: "Actions",
        hidden: true,
        numeric: true,
        cell: (row) =>
          row.state === "active" && context.can("keys:write")
            ? menu(
                button(`Actions for ${row.name || row.key_id}`, {
                  icon: "more",
                  iconOnly: true,
                  quiet: true,
                  small: true,
                }),
                [
                  { note: row.key_id },
                  row.kind === "secret" || row.kind === "publishable"
                    ? { label: "Rotate", icon: "refresh", onClick: () => rotateKey(row, again) }
                    : null,
                  { label: "Revoke", icon: "trash", danger: true, onClick: () => revokeKey(context, row, again) },
                ],
              )
            : null,
      },
    ],
  });
}

function scopesText(scopes) {
  if (scopes.includes("*")) return "Everything";
  const shown = scopes.slice(0, 2).join(", ");
  return h(
    "span",
    { title: scopes.join("\n") },
    shown,
    scopes.length > 2 && h("span", { class: "soft" }, ` and ${scopes.length - 2} more`),
  );
}
