// What a simulation found so far: sums, who would pay more and who less, and each customer's invoices.

import { call } from "../api.js";
import { button, card, dialog, emptyState, h, loading, replace, table, tabs } from "../elements.js";
import { count, majorUnits, money, percent, quantity } from "../format.js";
import { download } from "../csv.js";
import { skipReason } from "../words.js";
import { linesTable, totals } from "./invoice-view.js";

const shownAtOnce = 50;
// Invoices are asked for again when somebody looks at them: of many customers only figures are kept.
const figures = (each) => ({
  id: each.customer_id,
  skip: each.skip && each.skip !== "unspecified" ? each.skip : undefined,
  now: each.total?.minor_units ?? 0,
  then: each.actual_total?.minor_units ?? 0,
  unbilled: each.unbilled_total?.minor_units ?? 0,
  invoices: each.invoices.length,
  events: each.event_count,
  cut: each.cut_usages,
  incomplete: each.actual_incomplete,
});

export function makeResults({ context, catalog, asked, planName }) {
  const customers = [], sums = { replayed: 0, skipped: 0, now: 0, unbilled: 0, then: 0, more: 0, less: 0, same: 0 };
  const tiles = h("div", { class: "tiles tiles-sums" }), lists = h("div", null);
  let currency = catalog.currency, selected, drawn = 0, later;
  const cash = (minor, options) => money({ currency, minor_units: minor }, options);

  function add(page) {
    customers.push(...page.customers.map(figures));
    const { summary } = page;
    if (summary) {
      currency = summary.total?.currency || currency;
      sums.replayed += summary.customer_count;
      sums.skipped += summary.skipped_count;
      sums.now += summary.total?.minor_units ?? 0;
      sums.unbilled += summary.unbilled_total?.minor_units ?? 0;
      sums.then += summary.actual_total?.minor_units ?? 0;
      sums.more += summary.paying_more_count;
      sums.less += summary.paying_less_count;
      sums.same += summary.paying_same_count;
    }
    clearTimeout(later);
    later = setTimeout(draw, Math.max(0, 600 - (Date.now() - drawn)));
  }

  function draw() {
    drawn = Date.now();
    const change = sums.now - sums.then;
    const tile = (name, figure, note, tone) =>
      h(
        "div",
        { class: "card tile-card" },
        h("span", { class: "soft small" }, name),
        h("span", { class: `stat ${tone ?? ""}` }, figure),
        note && h("span", { class: "soft small" }, note),
      );
    replace(
      tiles,
      tile("Really invoiced", cash(sums.then), count(sums.replayed, "customer")),
      tile(
        `On ${planName}`,
        cash(sums.now),
        sums.unbilled ? `and ${cash(sums.unbilled)} of usage not billed yet` : "of the same usage",
      ),
      tile(
        "Difference",
        cash(change, { sign: true }),
        sums.then > 0
          ? `${change >= 0 ? "+" : "−"}${percent(Math.abs(change) / sums.then, 1)}`
          : "Nothing was invoiced",
        change > 0 ? "good" : change < 0 ? "wrong" : "",
      ),
      tile("Would pay more", quantity(sums.more), `${quantity(sums.less)} less, ${quantity(sums.same)} the same`),
    );
    const replayed = customers.filter((each) => !each.skip), difference = (each) => each.now - each.then;
    const by = (sign) =>
      replayed.filter((each) => Math.sign(difference(each)) === sign).sort((one, other) =>
        Math.abs(difference(other)) - Math.abs(difference(one))
      );
    const groups = [
      { id: "more", label: `Pay more (${sums.more})`, rows: by(1) },
      { id: "less", label: `Pay less (${sums.less})`, rows: by(-1) },
      { id: "same", label: `The same (${sums.same})`, rows: by(0) },
      {
        id: "cut",
        label: `Usage cut off (${replayed.filter((each) => each.cut.length).length})`,
        rows: replayed.filter((each) => each.cut.length),
      },
      { id: "skipped", label: `Left out (${sums.skipped})`, rows: customers.filter((each) => each.skip) },
    ];
    const focused = lists.contains(document.activeElement) && document.activeElement.role === "tab";
    replace(
      lists,
      card(
        {
          title: "Winners and losers",
          actions: [button("CSV", {
            small: true,
            icon: "download",
            onClick: () => save(),
          })],
        },
        tabs(
          groups.map((group) => ({
            ...group,
            render: () => list(group),
          })),
          {
            selected: selected ?? (sums.more || !sums.less ? "more" : "less"),
            onSelect: (id) => {
              selected = id;
            },
            label: "Customers",
          },
        ),
      ),
    );
    if (focused) lists.querySelector('[role="tab"][aria-selected="true"]')?.focus();
  }

  function list({ id, rows }) {
    if (!rows.length) return emptyState({ title: "Nobody" });
    const most = Math.max(...rows.map((each) => Math.abs(each.now - each.then)), 1);
    const columns = [{
      label: "Customer",
      cell: (each) =>
        h(
          "span",
          { class: "block" },
          h("a", { href: context.link("customers", each.id) }, each.id),
          each.incomplete && h("span", { class: "soft small block" }, "Not all real invoices are known"),
        ),
    }];
    if (id === "skipped") columns.push({ label: "Why", cell: (each) => skipReason(each.skip) });
    else {
      columns.push(
        { label: "Then", numeric: true, cell: (each) => cash(each.then) },
        { label: "Now", numeric: true, cell: (each) => cash(each.now) },
        {
          label: "Difference",
          numeric: true,
          cell: (each) =>
            h(
              "span",
              { class: "difference" },
              h("i", {
                class: each.now < each.then ? "is-less" : "",
                style: { width: `${(Math.abs(each.now - each.then) / most) * 100}%` },
              }),
              h("strong", null, cash(each.now - each.then, { sign: true })),
            ),
        },
        {
          label: id === "cut" ? "Cut off" : "Not billed yet",
          numeric: true,
          cell: (
            each,
          ) => (id === "cut"
            ? each.cut.map((one) =>
              h("span", { class: "block" }, `${quantity(one.cut)} ${catalog.featureName(one.feature_id)}`)
            )
            : each.unbilled
            ? cash(each.unbilled)
            : ""),
        },
        {
          label: "Invoices",
          hidden: true,
          numeric: true,
          cell: (each) =>
            button("Invoices", {
              small: true,
              quiet: true,
              "aria-label": `Invoices of ${each.id}`,
              onClick: () => invoices(each),
            }),
        },
      );
    }
    const made = table({ caption: "Customers", rows: rows.slice(0, shownAtOnce), columns }),
      rest = rows.slice(shownAtOnce);
    if (!rest.length) return made;
    const more = button(`Show ${quantity(Math.min(rest.length, 500))} more`, {
      small: true,
      onClick: () => {
        made.addRows(rest.splice(0, 500));
        if (!rest.length) more.remove();
      },
    });
    return h("div", null, made, h("div", { class: "further" }, more));
  }

  function invoices({ id }) {
    const { having_plan_id: _, ...one } = asked;
    dialog({
      title: `Invoices of ${id}`,
      wide: true,
      body: loading(async () => {
        const { customers: [found] } = await call("CatalogService/SimulatePlan", { ...one, customer_id: id }, {
          signal: context.signal,
        });
        const column = (title, invoicesOf) =>
          h(
            "section",
            { class: "stack-s" },
            h("h3", null, title),
            invoicesOf.length
              ? invoicesOf.map((invoice) =>
                h("div", { class: "preview-invoice" }, linesTable(invoice, catalog), totals(invoice))
              )
              : h("p", { class: "soft" }, "None."),
          );
        return h(
          "div",
          { class: "columns simulate-invoices" },
          column("Really invoiced", found.actual_invoices),
          h(
            "div",
            { class: "stack" },
            column(`On ${planName}`, found.invoices),
            found.unbilled_lines.length > 0 &&
              h(
                "section",
                { class: "stack-s" },
                h("h3", null, "Used, not billed yet"),
                linesTable({ lines: found.unbilled_lines }, catalog),
              ),
          ),
        );
      }),
    });
  }

  function save() {
    download(`simulation-${asked.plan_id}.csv`, [
      ["customer_id", "currency", "then", "now", "difference", "not_billed_yet", "events", "left_out"],
      ...customers.map((
        each,
      ) => [
        each.id,
        currency,
        ...[each.then, each.now, each.now - each.then, each.unbilled].map((minor) => majorUnits(minor, currency)),
        each.events,
        each.skip ?? "",
      ]),
    ]);
  }
  return {
    element: h("div", { class: "stack-l" }, tiles, lists),
    add,
    finish: () => {
      clearTimeout(later);
      draw();
    },
  };
}
