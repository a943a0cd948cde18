// What a customer used over time: bars by feature, or of one feature by a property.

import { call } from "../api.js";
import { card, emptyState, errorState, field, h, replace, skeleton } from "../elements.js";
import { barChart } from "../chart.js";
import { count } from "../format.js";
import { options } from "../known.js";
import { bins, presetBin, presets, rangeOf, suitableBins, zone } from "../ranges.js";
import { seriesOf } from "../series.js";

export function usageCard(view) {
  const { catalog, context } = view;
  const features = catalog.features.filter((each) => each.type !== "boolean");
  const ask = { feature: "", preset: "month", bin: "day", group: "" };
  const host = h("div", { class: "chart-host" });
  const feature = field({
    label: "Feature",
    type: "select",
    options: options(features, "feature_id", "All features"),
    onInput: (value) => {
      ask.feature = value;
      load();
    },
  });
  const preset = field({
    label: "Range",
    type: "select",
    value: ask.preset,
    options: presets.map((each) => ({ value: each.id, label: each.name })),
    onInput: (value) => {
      ask.preset = value;
      ask.bin = presetBin(value);
      offerBins();
      load();
    },
  });
  const bin = field({
    label: "By",
    type: "select",
    options: [],
    onInput: (value) => {
      ask.bin = value;
      load();
    },
  });
  const group = field({
    label: "Split by",
    placeholder: "property, e.g. model",
    onInput: () => {
      clearTimeout(typing);
      typing = setTimeout(() => {
        ask.group = group.control.value.trim();
        load();
      }, 400);
    },
  });
  let typing, current;
  const offerBins = () => {
    replace(
      bin.control,
      suitableBins(rangeOf(ask, view.now())).map((each) => h("option", { value: each.id }, each.name)),
    );
    bin.control.value = ask.bin;
    if (!bin.control.value) ask.bin = bin.control.value = bins[1].id;
  };
  context.signal.addEventListener("abort", () => current?.abort());

  async function load() {
    current?.abort();
    const { signal } = (current = new AbortController());
    if (!host.childElementCount) replace(host, skeleton("cards", 1));
    const { start, end } = rangeOf(ask, view.now());
    try {
      const reply = await call("UsageService/AggregateEvents", {
        selection: {
          customer_id: view.id,
          feature_ids: ask.feature ? [ask.feature] : [],
          start_time: start.toISOString(),
          end_time: end.toISOString(),
        },
        bin: ask.bin,
        time_zone: zone,
        ...(ask.group ? { property_key: ask.group, group_limit: 5 } : {}),
      }, { signal });
      const series = seriesOf(reply, catalog, !ask.feature);
      if (!series.length) {
        return replace(
          host,
          emptyState({ title: "Nothing was used", text: "No event of that kind lies in this range.", icon: "usage" }),
        );
      }
      replace(
        host,
        barChart({
          times: reply.bin_start_times.map((each) => new Date(each)),
          bin: ask.bin,
          series,
          label: "Usage over time",
        }),
        h(
          "p",
          { class: "soft small" },
          `${count(reply.series.reduce((sum, each) => sum + each.total_count, 0), "event")}, times by ${zone}.`,
        ),
      );
    } catch (error) {
      if (error.name !== "AbortError") replace(host, errorState(error, load));
    }
  }
  offerBins();
  load();
  const element = card(
    { title: "Usage" },
    h("div", { class: "fields usage-fields" }, feature, preset, bin, group),
    host,
  );
  return { element, clockMoved: load };
}
