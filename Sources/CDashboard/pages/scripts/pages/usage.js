// What was used, by everybody: totals of each feature, one feature over time in groups, and who uses most.

import { call } from "../api.js";
import { clockAhead } from "../clock.js";
import { button, card, emptyState, errorState, field, h, pageHead, replace, skeleton } from "../elements.js";
import { barChart } from "../chart.js";
import { count, quantity } from "../format.js";
import { download } from "../csv.js";
import { knownCatalog } from "../known.js";
import { rangeField } from "../range-field.js";
import { bins, dayText, presetBin, suitableBins, zone } from "../ranges.js";
import { groupName, seriesOf } from "../series.js";
import { csvRows, spark, topTable } from "./usage-parts.js";

const limits = [5, 10, 25, 50];
const topCount = 250;

export default {
  title: "Usage",
  async load(context) {
    const [catalog, ahead] = await Promise.all([knownCatalog(), clockAhead(context)]), { query } = context;
    const state = {
      feature: query.get("feature") ?? "",
      bin: query.get("bin") ?? "",
      group: query.get("group") ?? "customer",
      property: query.get("property") ?? "model",
      limit: Number(query.get("limit")) || 5,
    };
    const range = rangeField({
      clock: () => new Date(Date.now() + ahead),
      value: { preset: query.get("range") ?? "month", from: query.get("from"), to: query.get("to") },
      onChange: (value) => {
        state.bin = presetBin(value.preset);
        offerBins();
        save();
        load();
      },
    });
    const bin = field({
      label: "Bars of",
      type: "select",
      options: [],
      onInput: (value) => {
        state.bin = value;
        save();
        load(true);
      },
    });
    const group = field({
      label: "Split by",
      type: "select",
      value: state.group,
      options: [{ value: "customer", label: "Customer" }, { value: "property", label: "A property" }, {
        value: "none",
        label: "Nothing",
      }],
      onInput: (value) => {
        state.group = value;
        show();
        save();
        load(true);
      },
    });
    const property = field({
      label: "Property",
      value: state.property,
      placeholder: "model",
      onInput: () => {
        clearTimeout(typing);
        typing = setTimeout(() => {
          state.property = property.control.value.trim();
          save();
          load(true);
        }, 400);
      },
    });
    const limit = field({
      label: "Largest groups",
      type: "select",
      value: String(state.limit),
      options: limits.map((each) => ({ value: String(each), label: String(each) })),
      onInput: (value) => {
        state.limit = Number(value);
        save();
        load(true);
      },
    });
    const tiles = h("div", { class: "tiles", role: "group", "aria-label": "Features" }),
      chart = h("div", { class: "chart-host" }),
      top = h("div", null);
    let typing, current;
    context.signal.addEventListener("abort", () => {
      clearTimeout(typing);
      current?.abort();
    });

    const show = () => {
      property.hidden = state.group !== "property";
      limit.hidden = state.group === "none";
    };
    const save = () =>
      context.setQuery({
        ...range.read(),
        range: range.read().preset,
        preset: null,
        feature: state.feature,
        bin: state.bin,
        group: state.group,
        property: state.group === "property" ? state.property : null,
        limit: String(state.limit),
      });
    function offerBins() {
      const offered = suitableBins(range.range());
      replace(bin.control, offered.map((each) => h("option", { value: each.id }, each.name)));
      if (!offered.some((each) => each.id === state.bin)) {
        state.bin = (offered.find((each) =>
          each.id === presetBin(range.read().preset)
        ) ?? offered.at(-1) ?? bins[1]).id;
      }
      bin.control.value = state.bin;
    }
    const selection = (features) => {
      const { start, end } = range.range();
      return { feature_ids: features, start_time: start.toISOString(), end_time: end.toISOString() };
    };

    // `same`: the range hasn't changed, so that the totals stand.
    async function load(same) {
      current?.abort();
      const { signal } = (current = new AbortController());
      const ask = (body) =>
        call("UsageService/AggregateEvents", { bin: state.bin, time_zone: zone, ...body }, { signal });
      try {
        if (!same) {
          if (!tiles.childElementCount) replace(tiles, skeleton("cards", 3));
          const totals = await ask({ selection: selection([]) });
          showTiles(totals);
          if (!totals.series.length) {
            replace(
              chart,
              emptyState({ title: "Nothing was used", text: "No event lies in this range.", icon: "usage" }),
            );
            return replace(top);
          }
        }
        if (!chart.childElementCount) replace(chart, skeleton("cards", 1));
        const grouping = state.group === "customer"
          ? { by_customer: true }
          : state.group === "property" && state.property
          ? { property_key: state.property }
          : {};
        const [grouped, customers] = await Promise.all([
          ask({
            selection: selection([state.feature]),
            ...grouping,
            ...(Object.keys(grouping).length ? { group_limit: state.limit } : {}),
          }),
          same && top.dataset.feature === state.feature ? undefined : call("UsageService/AggregateEvents", {
            selection: selection([state.feature]),
            bin: "month",
            by_customer: true,
            group_limit: topCount,
          }, { signal }),
        ]);
        showChart(grouped);
        if (customers) showTop(customers);
      } catch (error) {
        if (error.name !== "AbortError") replace(chart, errorState(error, () => load()));
      }
    }

    function showTiles(reply) {
      const used = new Set(reply.series.map((each) => each.feature_id));
      if (!used.has(state.feature)) {
        state.feature = [...reply.series].sort((one, other) => other.total_count - one.total_count)[0]?.feature_id ??
          "";
      }
      replace(
        tiles,
        reply.series.map((each) =>
          h(
            "button",
            {
              class: "tile",
              type: "button",
              "aria-pressed": String(each.feature_id === state.feature),
              "data-feature": each.feature_id,
              onclick: () => {
                state.feature = each.feature_id;
                for (const tile of tiles.children) {
                  tile.setAttribute(
                    "aria-pressed",
                    String(tile.dataset.feature === state.feature),
                  );
                }
                save();
                load(true);
              },
            },
            h("span", { class: "soft small" }, catalog.featureName(each.feature_id)),
            h("span", { class: "stat" }, quantity(each.total_sum, { compact: each.total_sum >= 1e6 })),
            h("span", { class: "soft small" }, count(each.total_count, "event")),
            spark(each.sums),
          )
        ),
      );
    }

    function showChart(reply) {
      const name = catalog.featureName(state.feature), series = seriesOf(reply, catalog, false);
      const save_ = button("CSV", {
        small: true,
        icon: "download",
        onClick: () => download(`${state.feature}-${dayText(range.range().start)}.csv`, csvRows(reply, catalog)),
      });
      replace(
        chart,
        h("div", { class: "card-head" }, h("h2", null, name), save_),
        series.length
          ? barChart({
            times: reply.bin_start_times.map((each) => new Date(each)),
            bin: state.bin,
            series,
            label: `${name} over time`,
          })
          : emptyState({ title: "Nothing was used", icon: "usage" }),
      );
    }

    function showTop(reply) {
      top.dataset.feature = state.feature;
      const name = catalog.featureName(state.feature),
        all = reply.series.reduce((sum, each) => sum + each.total_sum, 0);
      replace(
        top,
        card({
          title: `Who uses most ${name}`,
          flush: true,
          actions: [button("CSV", {
            small: true,
            icon: "download",
            onClick: () =>
              download(`${state.feature}-customers.csv`, [
                ["customer_id", "sum", "events"],
                ...reply.series.map((each) => [groupName(each, catalog), each.total_sum, each.total_count]),
              ]),
          })],
        }, topTable(context, catalog, reply, name, all)),
      );
    }

    offerBins();
    show();
    load();
    return h(
      "div",
      { class: "page" },
      pageHead("Usage", { lead: `What was recorded, by the clocks of ${zone}.` }),
      h("div", { class: "fields usage-filters" }, range, bin, group, property, limit),
      tiles,
      h("section", { class: "card" }, chart),
      top,
    );
  },
};
