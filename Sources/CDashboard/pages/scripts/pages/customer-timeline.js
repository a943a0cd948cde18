// Subscriptions drawn on one axis of time: trial, what is paid for, renewals, what is planned, ends.

import { h } from "../elements.js";
import { date } from "../format.js";
import { timeline } from "../timeline-model.js";

const share = (fraction) => `${(fraction * 100).toFixed(3)}%`;
const stretchNames = {
  trial: "Trial",
  past: "Until now",
  paid: "Paid for",
  unpaid: "Unpaid",
  going: "Goes on",
  planned: "Planned",
  over: "Over",
};
const markNames = { renewal: "Renewal", "trial-end": "Trial ends", cancel: "Canceled", end: "Ends" };

export function timelineView(view, subscriptions) {
  const plan = (each) => each.custom_plan ?? view.catalog.plan(each.plan_id);
  const drawn = timeline(subscriptions, view.now(), (each) => plan(each)?.price);
  const kinds = new Set(drawn.rows.flatMap((row) => row.stretches.map((each) => each.kind)));
  const marks = new Set(drawn.rows.flatMap((row) => row.marks.map((each) => each.kind)));
  return h(
    "figure",
    { class: "timeline" },
    h("figcaption", { class: "visually-hidden" }, "The plans on an axis of time; the dates are in the list above."),
    h(
      "div",
      { class: "timeline-body", "aria-hidden": "true" },
      h(
        "div",
        { class: "timeline-grid" },
        drawn.axis.map((each) => h("i", { style: { left: share(each.place) } })),
        h("i", { class: "timeline-now", style: { left: share(drawn.now) } }, h("span", null, "Now")),
      ),
      drawn.rows.map((row) =>
        h(
          "div",
          { class: "timeline-row" },
          h("span", { class: "timeline-name" }, view.catalog.planName(row.subscription.plan_id)),
          h(
            "div",
            { class: "timeline-track" },
            row.stretches.map((each) =>
              h("i", {
                class: `stretch stretch-${each.kind}`,
                title: stretchNames[each.kind],
                style: { left: share(each.start), width: share(each.end - each.start) },
              })
            ),
            row.marks.map((each) =>
              h("i", {
                class: `mark mark-${each.kind}`,
                title: `${markNames[each.kind]}: ${date(each.time)}`,
                style: { left: share(each.place) },
              })
            ),
          ),
        )
      ),
      h(
        "div",
        { class: "timeline-axis" },
        drawn.axis.filter((each) => each.place < 0.94).map((each) =>
          // The first one begins at its line, so that it doesn't stick out.
          h(
            "span",
            { class: each.place < 0.08 && "timeline-first", style: { left: share(each.place) } },
            axisLabel(each.time, drawn.axis),
          )
        ),
      ),
    ),
    h(
      "ul",
      { class: "timeline-legend small soft", "aria-hidden": "true" },
      [...kinds].map((kind) => h("li", null, h("i", { class: `stretch stretch-${kind}` }), stretchNames[kind])),
      [...marks].map((kind) => h("li", null, h("i", { class: `mark mark-${kind}` }), markNames[kind])),
    ),
  );
}

function axisLabel(time, axis) {
  const months = axis.length > 1 && axis[1].time - axis[0].time > 20 * 24 * 3600e3;
  return new Intl.DateTimeFormat(
    navigator.languages?.length ? navigator.languages : undefined,
    months ? { month: "short", year: "2-digit" } : { day: "numeric", month: "short" },
  ).format(time);
}
