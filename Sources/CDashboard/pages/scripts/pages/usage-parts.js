// What the page of usage is put together from.

import { button, h, table } from "../elements.js";
import { percent, quantity } from "../format.js";
import { groupName } from "../series.js";

const topShown = 20;

// Who uses most of one feature: `all` is the sum over everybody.
export function topTable(context, catalog, reply, name, all) {
  const made = table({
    caption: `Customers by ${name}`,
    rows: reply.series.slice(0, topShown),
    columns: [
      {
        label: "Customer",
        cell: (each) =>
          each.customer_id
            ? h("a", { href: context.link("customers", each.customer_id) }, each.customer_id)
            : h("span", { class: "soft" }, groupName(each, catalog)),
      },
      {
        label: "Share",
        cell: (each) =>
          h(
            "span",
            { class: "share" },
            h("i", { style: { width: `${all > 0 ? Math.max(0, (each.total_sum / all) * 100) : 0}%` } }),
            h("span", null, all > 0 ? percent(each.total_sum / all, 1) : "–"),
          ),
      },
      { label: "Events", numeric: true, cell: (each) => quantity(each.total_count) },
      { label: name, numeric: true, cell: (each) => h("strong", null, quantity(each.total_sum)) },
    ],
  });
  const rest = reply.series.slice(topShown);
  if (!rest.length) return made;
  const more = button(`Show ${quantity(rest.length)} more`, {
    small: true,
    onClick: () => {
      made.addRows(rest);
      more.remove();
    },
  });
  return [made, h("div", { class: "further" }, more)];
}

// A hint of the course; the figures are in the chart below.
export function spark(values) {
  const high = Math.max(...values, 0);
  return h(
    "span",
    { class: "spark", "aria-hidden": "true" },
    values.slice(-40).map((value) =>
      h("i", { style: { height: `${high > 0 ? Math.max(4, (Math.max(0, value) / high) * 100) : 4}%` } })
    ),
  );
}

export function csvRows(reply, catalog) {
  return [
    ["bin_start", "feature_id", "group", "sum", "events"],
    ...reply.series.flatMap((each) =>
      reply.bin_start_times.map((
        time,
        index,
      ) => [time, each.feature_id, groupName(each, catalog), each.sums[index], each.counts[index]])
    ),
  ];
}
