// The fields of each kind of control, and what is made of them.

import { offered } from "../archived.js";
import { field } from "../elements.js";
import { options } from "../known.js";
import { propertyText, propertyValue } from "../words.js";

const number = (
  control,
) => (control.control.value.trim() === "" ? undefined : Number(control.control.value.trim().replace(",", ".")));
const each = (ids) => ids.map((id) => ({ value: id, label: id.charAt(0).toUpperCase() + id.slice(1) }));

// How the fields of one entry are made (`path`: where the server says it is), and what they make.
export const editors = {
  usage_limits: {
    blank: { enabled: true, interval: "month", anchor: "billing_cycle" },
    make(view, entry, path) {
      const feature = featureField(view, entry, path),
        limit = field({
          label: "At most",
          type: "number",
          path: `${path}.limit`,
          value: entry.limit,
          required: true,
          suffix: "units",
        });
      const interval = field({
        label: "In each",
        type: "select",
        path: `${path}.interval`,
        value: entry.interval,
        options: each(["day", "week", "month", "year"]),
      });
      const anchor = field({
        label: "Counted from",
        type: "select",
        path: `${path}.anchor`,
        value: entry.anchor,
        options: [{ value: "billing_cycle", label: "The billing cycle" }, { value: "utc", label: "The calendar, UTC" }],
      });
      const filter = field({
        label: "Only usage with",
        optional: true,
        path: `${path}.filter`,
        placeholder: "model=large, region=eu",
        value: Object.entries(entry.filter ?? {}).map(([key, value]) => `${key}=${propertyText(value)}`).join(", "),
      });
      return {
        fields: [feature, limit, interval, anchor, filter],
        read: () => ({
          feature_id: feature.control.value,
          limit: number(limit),
          interval: interval.control.value,
          anchor: anchor.control.value,
          filter: parseProperties(filter.control.value),
        }),
      };
    },
  },
  spend_limits: {
    blank: { enabled: true, overage_limit: "" },
    make(view, entry, path) {
      const feature = featureField(view, entry, path, "Every other feature");
      const kind = field({
        label: "Bound",
        type: "select",
        path,
        value: entry.overage_percentage !== undefined
          ? "percentage"
          : entry.overage_limit !== undefined
          ? "limit"
          : "none",
        options: [{ value: "limit", label: "Units" }, { value: "percentage", label: "Per cent of the grant" }, {
          value: "none",
          label: "None: hides others",
        }],
      });
      const bound = field({
        label: "Overage at most",
        type: "number",
        path: `${path}.overage_limit`,
        value: entry.overage_limit ?? entry.overage_percentage ?? "",
      });
      return {
        fields: [feature, kind, bound],
        read: () => ({
          feature_id: feature.control.value,
          ...(kind.control.value === "none" ? {} : { [`overage_${kind.control.value}`]: number(bound) }),
        }),
      };
    },
  },
  overage_permissions: {
    blank: { enabled: true },
    enabledLabel: "Overage is allowed",
    make(view, entry, path) {
      const feature = featureField(view, entry, path);
      return { fields: [feature], read: () => ({ feature_id: feature.control.value }) };
    },
  },
  usage_alerts: {
    blank: { enabled: true, measure: "usage_percentage", threshold: 80 },
    make(view, entry, path) {
      const feature = featureField(view, entry, path, "Every feature"),
        threshold = field({
          label: "Threshold",
          type: "number",
          path: `${path}.threshold`,
          value: entry.threshold,
          required: true,
        });
      const measure = field({
        label: "Of what",
        type: "select",
        path: `${path}.measure`,
        value: entry.measure,
        options: [
          { value: "usage_percentage", label: "Per cent of the grant used" },
          { value: "usage", label: "Units used" },
          { value: "remaining", label: "Units left" },
          { value: "remaining_percentage", label: "Per cent of the grant left" },
        ],
      });
      const name = field({ label: "Name", optional: true, path: `${path}.name`, value: entry.name });
      return {
        fields: [feature, measure, threshold, name],
        read: () => ({
          feature_id: feature.control.value,
          measure: measure.control.value,
          threshold: number(threshold),
          name: name.control.value.trim(),
        }),
      };
    },
  },
  auto_topups: {
    blank: { enabled: true },
    make(view, entry, path) {
      const feature = featureField(view, entry, path),
        threshold = field({
          label: "When so many are left",
          type: "number",
          path: `${path}.threshold`,
          value: entry.threshold,
          required: true,
        });
      const quantity = field({
        label: "Buy",
        type: "number",
        suffix: "units",
        path: `${path}.quantity`,
        value: entry.quantity,
        required: true,
      });
      const limit = field({
        label: "At most",
        type: "number",
        optional: true,
        suffix: "times",
        path: `${path}.purchase_limit`,
        value: entry.purchase_limit?.limit,
      });
      const interval = field({
        label: "In each",
        type: "select",
        path: `${path}.purchase_limit.interval`,
        value: entry.purchase_limit?.interval ?? "month",
        options: each(["hour", "day", "week", "month"]),
      });
      return {
        fields: [feature, threshold, quantity, limit, interval],
        read: () => ({
          feature_id: feature.control.value,
          threshold: number(threshold),
          quantity: number(quantity),
          ...(number(limit) === undefined ? {} : {
            purchase_limit: {
              interval: interval.control.value,
              interval_count: entry.purchase_limit?.interval_count ?? 1,
              limit: number(limit),
            },
          }),
        }),
      };
    },
  },
};

function featureField(view, entry, path, none) {
  const features = offered(view.catalog.features, entry.feature_id).filter((one) =>
    !["boolean", "concurrency"].includes(one.type)
  );
  return field({
    label: "Feature",
    type: "select",
    path: `${path}.feature_id`,
    value: entry.feature_id ?? features[0]?.feature_id,
    options: options(features, "feature_id", none),
  });
}

// "model=large, region=eu" as properties.
export function parseProperties(text) {
  const entries = text.split(",").map((pair) => pair.trim()).filter(Boolean).map((pair) => {
    const at = pair.indexOf("=");
    return at < 0 ? [pair, { bool_value: true }] : [pair.slice(0, at).trim(), propertyValue(pair.slice(at + 1).trim())];
  });
  return Object.fromEntries(entries);
}
