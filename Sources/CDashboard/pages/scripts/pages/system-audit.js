// Who did what: every change by way of the dashboard, sign-ins and their failures, newest first.

import { dashboard } from "../api.js";
import { badge, button, card, emptyState, h, loading, table, words } from "../elements.js";
import { timeElement } from "../format.js";

const SIZE = 50;

export default {
  async load(context) {
    const list = loading(() => show(context));
    return h(
      "div",
      { class: "stack" },
      h(
        "div",
        { class: "row row-between" },
        h("p", { class: "soft" }, "What was changed here, by whom, and from where."),
        button("Refresh", { icon: "refresh", onClick: () => list.reload() }),
      ),
      card({ flush: true }, list),
    );
  },
};

async function show(context) {
  const first = await dashboard("audit.list", { page_size: SIZE }, { signal: context.signal });
  const rows = table({
    caption: "Audit",
    rows: first.entries,
    empty: emptyState({
      icon: "audit",
      title: "Nothing yet",
      text: "Changes that are made here are listed, with who made them.",
    }),
    columns: [
      { label: "When", cell: (row) => h("span", { class: "nowrap" }, timeElement(row.time, { full: true })) },
      {
        label: "Who",
        cell: (row) =>
          h(
            "span",
            null,
            row.who || h("span", { class: "soft" }, "Nobody"),
            ["key", "operator"].includes(row.kind) ? h("span", { class: "soft small" }, ` (${row.kind})`) : null,
          ),
      },
      {
        label: "What",
        cell: (row) =>
          h("span", null, what(row.method), row.detail && h("span", { class: "soft small" }, ` ${row.detail}`)),
      },
      {
        label: "Customer",
        cell: (row) =>
          row.customer_id ? h("a", { href: context.link("customers", row.customer_id) }, row.customer_id) : null,
      },
      {
        label: "Outcome",
        cell: (row) => outcome(row.outcome),
      },
      { label: "From", cell: (row) => h("code", { class: "soft small" }, row.peer) },
    ],
  });
  let token = first.next_page_token;
  const more = h(
    "div",
    { class: "table-more", hidden: !token },
    button("Show older ones", {
      icon: "down",
      onClick: async () => {
        const next = await dashboard("audit.list", { page_size: SIZE, page_token: token }, { signal: context.signal });
        rows.addRows(next.entries);
        token = next.next_page_token;
        more.hidden = !token;
      },
    }),
  );
  return h("div", null, rows, more);
}

/** "200", "409 CATALOG_CHANGED", or "unknown" where the server was stopped meanwhile. */
function outcome(text) {
  if (/^2\d\d/.test(text)) return badge("Done", "good");
  if (text === "unknown")
    return h("span", { title: "The server was stopped meanwhile: it may have been done." }, badge("Unknown", "warn"));
  const [status, reason] = text.split(" ");
  return h("span", { title: text }, badge(words((reason ?? status).toLowerCase()), "wrong"));
}

/** "CustomerService/UpdateCustomer" as "Update customer", with the method itself when pointed at. */
function what(method) {
  const name = method.split("/").pop();
  const plain = /^[A-Z]/.test(name)
    ? words(name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase())
    : words(name.replace(".", ": ").replace("-", " "));
  return h("span", { title: method }, plain);
}
