// Subscriptions as stretches on one axis of time. Knows no document.

const day = 24 * 3600e3;

// `months` later by the calendar, the last day of a month where the day isn't in it.
export function addMonths(time, months) {
  const moved = new Date(time);
  moved.setDate(1);
  moved.setMonth(moved.getMonth() + months);
  const last = new Date(moved.getFullYear(), moved.getMonth() + 1, 0).getDate();
  moved.setDate(Math.min(time.getDate(), last));
  return moved;
}

const monthsOf = { month: 1, quarter: 3, semi_annual: 6, year: 12 };
function later(time, price, times) {
  const count = (price.interval_count || 1) * times;
  if (price.interval === "week") return new Date(time.getTime() + 7 * day * count);
  return monthsOf[price.interval] ? addMonths(time, monthsOf[price.interval] * count) : undefined;
}

const parse = (text) => (text ? new Date(text) : undefined);

export function moments(subscription) {
  return {
    start: parse(subscription.start_time),
    end: parse(subscription.end_time),
    trialEnd: parse(subscription.trial_end_time),
    cancel: parse(subscription.cancel_time),
    periodStart: parse(subscription.period_start_time),
    periodEnd: parse(subscription.period_end_time),
  };
}

// Rows with stretches and marks, all as fractions of the axis from 0 to 1; and the axis itself.
export function timeline(subscriptions, now, priceOf) {
  const known = subscriptions.map((subscription) => ({ subscription, at: moments(subscription) }));
  const pasts = known.map(({ at }) => at.start).filter((time) => time <= now);
  const futures = known.flatMap(({ at }) => [at.periodEnd, at.end, at.start, at.trialEnd]).filter((time) => time > now);
  // The far past says little: the axis begins a year ago at the latest, and has a third for what is to come.
  const from = Math.max(Math.min(now - 7 * day, ...pasts), now - 365 * day);
  const until = Math.max(now.getTime() + 21 * day, ...futures.map((time) => time.getTime() + 10 * day));
  const length = until - from;
  const place = (time) => Math.min(1, Math.max(0, (time - from) / length));
  const rows = known.map(({ subscription, at }) => {
    const over = subscription.status === "ended", later_ = subscription.status === "scheduled";
    const stretches = [], marks = [];
    const add = (kind, start, end) =>
      end > start && end > from && start < until && place(end) - place(start) > 0.003 &&
      stretches.push({ kind, start: place(start), end: place(end) });
    const end = at.end ?? new Date(until);
    const trialUntil = at.trialEnd && at.trialEnd > at.start ? new Date(Math.min(at.trialEnd, end)) : at.start;
    if (trialUntil > at.start) add("trial", at.start, trialUntil);
    if (later_) add("planned", trialUntil, end);
    else if (over) add("over", trialUntil, end);
    else {
      add("past", trialUntil, new Date(Math.min(now, end)));
      const paidUntil = at.periodEnd ? new Date(Math.min(at.periodEnd, end)) : undefined;
      if (paidUntil) {
        add(subscription.status === "past_due" ? "unpaid" : "paid", new Date(Math.max(now, trialUntil)), paidUntil);
      }
      add("going", paidUntil ?? new Date(Math.max(now, trialUntil)), end);
      const price = priceOf(subscription);
      if (at.periodEnd && at.periodEnd < end) marks.push({ kind: "renewal", time: at.periodEnd });
      for (let index = 1; at.periodEnd && price && index < 12; index += 1) {
        const next = later(at.periodEnd, price, index);
        if (!next || next >= end || next > until) break;
        marks.push({ kind: "renewal", time: next });
      }
    }
    if (trialUntil > at.start && at.trialEnd > from) marks.push({ kind: "trial-end", time: at.trialEnd });
    if (at.cancel && at.cancel > from && !over) marks.push({ kind: "cancel", time: at.cancel });
    if (at.end && at.end > from) marks.push({ kind: "end", time: at.end });
    return { subscription, stretches, marks: marks.map((mark) => ({ ...mark, place: place(mark.time) })) };
  });
  return { rows, now: place(now), axis: axis(from, until).map((time) => ({ time, place: place(time) })) };
}

// Firsts of months, or days, that divide the axis into a handful of parts.
function axis(from, until) {
  const days = (until - from) / day, places = [];
  if (days > 75) {
    const step = days > 300 ? 3 : days > 150 ? 2 : 1;
    for (
      let time = new Date(new Date(from).getFullYear(), new Date(from).getMonth() + 1, 1);
      time < until;
      time = new Date(time.getFullYear(), time.getMonth() + step, 1)
    ) places.push(time);
  } else {
    const step = days > 40 ? 14 : 7, start = new Date(from);
    for (
      let time = new Date(start.getFullYear(), start.getMonth(), start.getDate() + 1);
      time < until;
      time = new Date(time.getFullYear(), time.getMonth(), time.getDate() + step)
    ) places.push(time);
  }
  return places;
}
