// The latest usage events, as they come; and with them the customer's balances.

import { call } from "../api.js";
import { card, errorState, h, replace } from "../elements.js";
import { quantity, relativeTime } from "../format.js";
import { liveLook } from "../live.js";
import { propertyText } from "../words.js";

const shown = 25;
// A balance may also change without an event: a reset, a renewal, somebody else's correction.
const fullLookEvery = 5;

export function feedCard(view) {
  const { signal } = view.context;
  const list = h("ol", { class: "feed" }), state = h("span", { class: "feed-state small" }), trouble = h("div", null);
  const rows = new Map();
  let first = true, turns = 0;

  async function look() {
    const wanted = turns % fullLookEvery === 0;
    turns += 1;
    try {
      const [reply] = await Promise.all([
        call("UsageService/ListEvents", { selection: { customer_id: view.id }, page_size: shown }, { signal }),
        wanted && !first && view.refresh(),
      ]);
      trouble.replaceChildren();
      const fresh = reply.events.filter((each) => !rows.has(each.event_id));
      if (fresh.length || first) show(reply.events, fresh);
      for (const time of list.querySelectorAll("time")) time.textContent = relativeTime(time.dateTime, view.now());
      if (fresh.length && !first && !wanted) await view.refresh();
      first = false;
    } catch (error) {
      if (error.name === "AbortError") throw error;
      replace(trouble, errorState(error, () => live.now()));
    }
  }

  function show(events, fresh) {
    const kept = new Set(events.map((each) => each.event_id));
    for (const [id, row] of rows) {
      if (!kept.has(id)) {
        row.remove();
        rows.delete(id);
      }
    }
    const isNew = new Set(fresh);
    events.forEach((event, index) => {
      let row = rows.get(event.event_id);
      if (!row) {
        row = eventRow(view, event);
        if (!first && isNew.has(event)) row.classList.add("fresh");
        rows.set(event.event_id, row);
      }
      if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    });
    empty.hidden = events.length > 0;
  }
  const empty = h("p", { class: "soft pad-s", hidden: true }, "Nothing was tracked yet.");

  const live = liveLook({
    every: 2000,
    look,
    signal,
    onState: (now) => {
      state.className = `feed-state small ${now === "live" ? "is-live" : ""}`;
      state.textContent = { live: "Live", away: "Paused while you’re elsewhere", idle: "Paused: move to go on" }[now];
    },
  });
  const element = card(
    { title: "Live usage", actions: [state], class: "feed-card" },
    trouble,
    empty,
    h("div", { class: "feed-box", tabindex: "0", role: "region", "aria-label": "Latest usage events" }, list),
  );
  return { element, clockMoved: () => live.now() };
}

function eventRow(view, event) {
  const properties = Object.entries(event.properties);
  return h(
    "li",
    { class: "feed-row" },
    h(
      "span",
      { class: "grow" },
      h("strong", null, view.catalog.featureName(event.feature_id)),
      properties.length > 0 &&
        h(
          "span",
          { class: "soft small block break" },
          properties.map(([key, value]) => `${key} ${propertyText(value)}`).join(" · "),
        ),
    ),
    h("span", { class: "feed-value" }, quantity(event.value)),
    h("span", { class: "soft small nowrap" }, view.time(event.event_time)),
  );
}
