// Receivers of webhooks: how each stands, and telling it again what happened.

import { call } from "../api.js";
import {
  badge,
  button,
  card,
  dialog,
  emptyState,
  facts,
  field,
  form,
  h,
  loading,
  notice,
  table,
  toast,
} from "../elements.js";
import { dateTime, duration, quantity, timeElement } from "../format.js";

export default {
  async load(context) {
    const list = loading(
      async () => {
        const { endpoints } = await call("WebhookService/ListWebhookEndpoints", {}, { signal: context.signal });
        if (!endpoints.length)
          return card(
            {},
            emptyState({
              icon: "webhook",
              title: "No receivers",
              text: "Receivers of webhooks are set where the server is started: webhooks and webhook.NAME.url of its settings.",
            }),
          );
        return h(
          "div",
          { class: "stack" },
          endpoints.map((endpoint) => receiver(context, endpoint, () => list.reload())),
        );
      },
      { kind: "cards", count: 2 },
    );
    return h(
      "div",
      { class: "stack" },
      h(
        "div",
        { class: "row row-between" },
        h("p", { class: "soft" }, "Each is told everything in order, again and again until it accepts."),
        button("Refresh", { icon: "refresh", onClick: () => list.reload() }),
      ),
      list,
    );
  },
};

function receiver(context, endpoint, again) {
  const [state, tone] = endpoint.disabled
    ? ["Disabled", "wrong"]
    : endpoint.held_customers
      ? ["Held up", "warn"]
      : endpoint.waiting
        ? ["Catching up", "warn"]
        : ["Up to date", "good"];
  return card(
    {
      title: endpoint.name,
      actions: [
        badge(state, tone),
        context.can("webhooks:write") &&
          button("Replay", { icon: "history", small: true, onClick: () => replay(endpoint, again) }),
      ],
    },
    h(
      "div",
      { class: "stack" },
      h("p", null, h("code", { class: "break" }, endpoint.url)),
      endpoint.disabled && notice("It answered 410 Gone. Nothing is sent until the server starts again.", "wrong"),
      facts([
        ["Accepted", quantity(endpoint.delivered)],
        ["Failed attempts", quantity(endpoint.failed_attempts)],
        ["Given up", h("span", { class: endpoint.given_up ? "wrong" : "" }, quantity(endpoint.given_up))],
        ["Waiting", quantity(endpoint.waiting)],
        ["Customers held up", quantity(endpoint.held_customers)],
        ["Behind by", endpoint.lag_seconds ? duration(endpoint.lag_seconds) : "nothing"],
      ]),
      endpoint.last_error &&
        notice(
          h("span", null, "Last failure ", timeElement(endpoint.last_error_time), `: ${endpoint.last_error}`),
          "warn",
        ),
      h(
        "details",
        { class: "more" },
        h("summary", null, "Types and positions"),
        h(
          "div",
          { class: "stack" },
          h(
            "p",
            null,
            endpoint.event_types.map((type) => [h("code", { class: "badge badge-quiet" }, type), " "]),
          ),
          table({
            caption: "Positions",
            rows: endpoint.cursors,
            columns: [
              { label: "Partition", cell: (row) => quantity(row.partition) },
              { label: "Accepted up to", numeric: true, cell: (row) => quantity(row.done_sequence) },
              { label: "Read up to", numeric: true, cell: (row) => quantity(row.read_sequence) },
              { label: "Last record", numeric: true, cell: (row) => quantity(row.last_sequence) },
            ],
          }),
        ),
      ),
    ),
  );
}

/** A moment as an input of the viewer's zone wants it. */
const localInput = (time) => new Date(time.getTime() - time.getTimezoneOffset() * 60000).toISOString().slice(0, 16);

function replay(endpoint, again) {
  const how = field({
    label: "From",
    type: "select",
    value: "time",
    options: [
      { value: "time", label: "a time" },
      { value: "record", label: "a record of the log" },
    ],
    onInput: (value) => show(value),
  });
  const since = field({
    label: "Everything committed since",
    path: "since_time",
    type: "datetime-local",
    value: localInput(new Date(Date.now() - 3600000)),
  });
  const partition = field({ label: "Partition", path: "partition", type: "number", value: "0" });
  const sequence = field({
    label: "Record",
    path: "from_sequence",
    type: "number",
    value: String(endpoint.cursors[0]?.done_sequence ?? 1),
  });
  const show = (value) => {
    since.hidden = value !== "time";
    partition.hidden = sequence.hidden = value === "time";
  };
  show("time");
  const box = dialog({
    title: `Tell ${endpoint.name} again`,
    body: form({
      fields: [
        h(
          "p",
          { class: "soft" },
          "The same notifications come again, in order and with the same ids as before. What waits now comes in its turn.",
        ),
        how,
        since,
        h("div", { class: "fields" }, partition, sequence),
      ],
      submit: "Replay",
      cancel: () => box.close(),
      onSubmit: async () => {
        const start =
          how.control.value === "time"
            ? { since_time: new Date(since.control.value).toISOString() }
            : { from_sequence: Number(sequence.control.value), partition: Number(partition.control.value) };
        await call("WebhookService/ReplayWebhooks", { endpoint: endpoint.name, ...start });
        box.close();
        toast(
          start.since_time
            ? `${endpoint.name} is told everything since ${dateTime(start.since_time)}.`
            : `${endpoint.name} is told everything from record ${quantity(start.from_sequence)} on.`,
        );
        again();
      },
    }),
  });
}
