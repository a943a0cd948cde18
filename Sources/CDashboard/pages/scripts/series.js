// Series of AggregateEvents as charts draw them: named, those beyond the limit last.

import { propertyText } from "./words.js";

export function groupName(series, catalog) {
  if (series.customer_id) return series.customer_id;
  if (series.value) return propertyText(series.value) || "(empty)";
  if (series.absent) return "Without it";
  if (series.other) return "All others";
  return catalog.featureName(series.feature_id);
}

// `withFeature`: several features are shown, so that a group alone says too little.
export function seriesOf(reply, catalog, withFeature) {
  const grouped = (each) => each.customer_id || each.value || each.absent || each.other;
  return reply.series.map((each) => ({
    name: grouped(each) && withFeature
      ? `${catalog.featureName(each.feature_id)}: ${groupName(each, catalog)}`
      : groupName(each, catalog),
    values: each.sums,
    total: each.total_sum,
    other: Boolean(each.other),
  }));
}
