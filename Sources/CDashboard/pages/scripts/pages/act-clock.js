// Moving a customer's clock, in sandboxes: what falls due on the way is done and charged.

import { button, field, h, toast } from "../elements.js";
import { actionDialog } from "../acting.js";
import { dateTime } from "../format.js";
import { addMonths } from "../timeline-model.js";

const steps = [
  ["1 day", (now) => new Date(now.getTime() + 24 * 3600e3)],
  ["1 week", (now) => new Date(now.getTime() + 7 * 24 * 3600e3)],
  ["1 month", (now) => addMonths(now, 1)],
  ["1 year", (now) => addMonths(now, 12)],
];

export function advanceClock(view) {
  const now = view.now();
  const to = field({
    label: "To",
    path: "time",
    type: "datetime-local",
    required: true,
    value: local(addMonths(now, 1)),
    hint: "By your clocks. There is no way back.",
  });
  const next = nextEvent(view);
  const set = (time) => {
    to.control.value = local(time);
    to.setError();
  };
  actionDialog(view.context, {
    title: "Advance the test clock",
    submit: "Advance",
    fields: [
      h(
        "p",
        null,
        "It is ",
        h("strong", null, dateTime(now)),
        " for this customer. Renewals, resets, trials’ ends and retries on the way happen, each at its moment.",
      ),
      h(
        "div",
        { class: "row" },
        steps.map(([name, move]) => button(name, { small: true, onClick: () => set(move(now)) })),
        next && button("Past the next renewal", { small: true, onClick: () => set(new Date(next.getTime() + 3600e3)) }),
      ),
      to,
    ],
    run: async (send) => {
      const { time } = await send("TestClockService/AdvanceTestClock", {
        customer_id: view.id,
        time: new Date(to.control.value).toISOString(),
      });
      toast(`It is ${dateTime(time)} now`);
      await view.clockMoved();
    },
  });
}

function nextEvent(view) {
  const times = view.customer.subscriptions.filter((each) => each.status !== "ended").map((each) =>
    each.period_end_time
  ).filter(Boolean).map((each) => new Date(each));
  return times.length ? new Date(Math.min(...times)) : undefined;
}

// As a field of type datetime-local has it: the viewer's clocks, no zone.
function local(time) {
  const shifted = new Date(time.getTime() - time.getTimezoneOffset() * 60e3);
  return shifted.toISOString().slice(0, 16);
}
