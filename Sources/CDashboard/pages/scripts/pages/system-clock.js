// The sandbox's clock: moved forwards, everything that falls due on the way happens.

import { call, requestId } from "../api.js";
import { ask, button, card, facts, field, form, h, loading, notice, toast } from "../elements.js";
import { dateTime, duration, preciseTime } from "../format.js";

const STEPS = [
  ["An hour", 3600],
  ["A day", 86400],
  ["A week", 604800],
  ["30 days", 2592000],
  ["A year", 31536000],
];

export default {
  async load(context) {
    const list = loading(
      async () =>
        body(context, await call("TestClockService/GetTestClock", {}, { signal: context.signal }), () => list.reload()),
      { kind: "cards", count: 1 },
    );
    return list;
  },
};

const localInput = (time) => new Date(time.getTime() - time.getTimezoneOffset() * 60000).toISOString().slice(0, 16);

function body(context, clock, again) {
  const mayMove = context.can("customers:write");
  const ahead = Number(clock.ahead?.seconds ?? 0) + (clock.ahead?.nanos ?? 0) / 1e9;
  const move = async (change, told) => {
    // Kept for the whole attempt: sent again, it moves the clock once.
    const id = requestId();
    const done = await ask({
      title: "Move everybody’s clock?",
      text: `${told}. What falls due on the way is done: renewals, resets, charges with test cards. It can’t be moved back.`,
      confirm: "Move",
      run: () => call("TestClockService/AdvanceTestClock", { ...change, request_id: id }),
    });
    if (!done) return;
    toast("The clock was moved.");
    again();
  };
  const time = field({
    label: "To",
    path: "time",
    type: "datetime-local",
    value: localInput(new Date(new Date(clock.time).getTime() + 86400000)),
    hint: "In your own time zone.",
  });
  return h(
    "div",
    { class: "stack" },
    card(
      { title: "What time it is for customers" },
      h(
        "div",
        { class: "stack" },
        h("p", { class: "stat" }, dateTime(clock.time)),
        facts([
          ["To the second", preciseTime(clock.time)],
          ["Ahead of the machine", ahead > 1 ? duration(ahead) : "not at all"],
        ]),
      ),
    ),
    mayMove &&
      card(
        { title: "Move it forwards" },
        h(
          "div",
          { class: "stack" },
          h(
            "div",
            { class: "row" },
            STEPS.map(([label, seconds]) =>
              button(label, { onClick: () => move({ duration: { seconds, nanos: 0 } }, `By ${label.toLowerCase()}`) }),
            ),
          ),
          form({
            fields: [h("div", { class: "fields fields-wide" }, time)],
            submit: "Move to it",
            onSubmit: async () => {
              const wanted = new Date(time.control.value);
              if (Number.isNaN(wanted.getTime())) return time.setError("Choose a day and a time.");
              if (wanted < new Date(clock.time)) return time.setError("It is later already: clocks go forwards only.");
              return move({ time: wanted.toISOString() }, `To ${dateTime(wanted)}`);
            },
          }),
        ),
      ),
    notice(
      "A single customer’s clock is moved on the customer’s page. Keys, certificates and request ids go by the machine’s clock.",
    ),
  );
}
