// How the server is, now: asked every five seconds, while somebody can see it.

import { call } from "../api.js";
import { badge, card, errorState, facts, h, icon, notice, replace, words } from "../elements.js";
import { bytes, count, duration, percent, preciseTime, quantity, relativeTime, timeElement } from "../format.js";

const EVERY = 5000;
let timer = null;

export default {
  async load({ signal, environment, reload }) {
    const place = h("div", { class: "stack-l" });
    const health = h("div", null);
    const beat = h("p", { class: "soft small row" });
    const problem = h("div", null);
    let last = null;
    const ask = async () => {
      try {
        const status = await call("SystemService/GetStatus", {}, { signal });
        replace(problem);
        sayHealth(health, status);
        draw(place, status, environment);
        last = status;
        replace(beat, h("span", { class: "pulse", "aria-hidden": "true" }), `As of ${preciseTime(new Date())}`);
      } catch (error) {
        if (error.name === "AbortError") return;
        if (!last) throw error;
        replace(problem, notice(`${error.message} What is shown is older.`, "wrong"));
      }
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        if (document.visibilityState === "visible") await ask();
        if (!signal.aborted) wait();
      }, EVERY);
    };
    try {
      await ask();
    } catch (error) {
      return errorState(error, reload);
    }
    document.addEventListener(
      "visibilitychange",
      () => {
        if (document.visibilityState === "visible") ask();
      },
      { signal },
    );
    wait();
    return h("div", { class: "stack-l" }, problem, health, place, beat);
  },
  leave() {
    clearTimeout(timer);
  },
};

const micros = (value) => duration((value ?? 0) / 1e6);

function draw(place, status, environment) {
  replace(
    place,
    h(
      "div",
      { class: "columns status-cards" },
      tile(
        "Calls",
        "bolt",
        h(
          "span",
          null,
          quantity(Number(status.calls.calls_per_second.toFixed(1))),
          h("span", { class: "soft small" }, " a second"),
        ),
        [
          ["Since the start", quantity(status.calls.count)],
          [
            "Errors",
            h(
              "span",
              { class: status.calls.errors ? "" : "soft" },
              `${quantity(status.calls.errors)}${status.calls.count ? ` (${percent(status.calls.errors / status.calls.count, 2)})` : ""}`,
            ),
          ],
        ],
      ),
      tile("Latency", "clock", micros(status.calls.p50_micros), [
        ["Median", micros(status.calls.p50_micros)],
        ["99th percentile", micros(status.calls.p99_micros)],
      ]),
      tile(
        "Log",
        "history",
        h(
          "span",
          null,
          quantity(status.log.records, { compact: status.log.records > 99999 }),
          h("span", { class: "soft small" }, status.log.records === 1 ? " record" : " records"),
        ),
        [
          ["Sync, median", micros(status.log.sync_p50_micros)],
          ["Sync, 99th percentile", micros(status.log.sync_p99_micros)],
          ["Waiting", quantity(status.log.records_waiting)],
          ["Size", bytes(status.log.bytes)],
        ],
      ),
      tile(
        "Backup",
        "shield",
        status.backup
          ? h("span", null, duration(status.backup.lag_seconds), h("span", { class: "soft small" }, " behind"))
          : h("span", { class: "warn" }, "None"),
        [
          ["Behind by", status.backup ? count(status.backup.lag_records, "record") : "Nothing follows"],
          ["Snapshot", status.snapshot ? timeElement(status.snapshot.time) : "None yet"],
        ],
      ),
      tile(
        "Payments",
        "card",
        words(
          { none: "No provider", sandbox: "Sandbox", stripe: "Stripe" }[status.payment_provider.kind] ??
            status.payment_provider.kind,
        ),
        [["Under way", count(status.payment_provider.open_effects, "request")]],
      ),
      tile("Customers", "customers", quantity(status.customer_count), [
        ["Environment", words(environment)],
        ["Clock", status.has_test_clock ? "Can be moved" : "The machine’s"],
      ]),
    ),
    card(
      { title: "Health" },
      h(
        "ul",
        { class: "stack-s" },
        status.conditions.map((condition) =>
          h(
            "li",
            { class: "row" },
            badge(condition.healthy ? "Healthy" : "Unhealthy", condition.healthy ? "good" : "wrong"),
            h(
              "span",
              null,
              words(condition.name),
              condition.message && h("span", { class: "soft" }, `: ${condition.message}`),
            ),
          ),
        ),
      ),
    ),
    card(
      { title: "Server" },
      facts([
        ["Version", status.version],
        ["Started", h("span", { title: preciseTime(status.start_time) }, relativeTime(status.start_time))],
        ["Environment", words(environment)],
      ]),
    ),
  );
}

/** The whole in one sentence; said anew only when it changes, so that nobody has to hear it every time. */
function sayHealth(place, status) {
  const bad = status.conditions.filter((condition) => !condition.healthy);
  const faults = bad.map((condition) => `${words(condition.name)}: ${condition.message || "needs a look"}`);
  const text = faults.join(" · ") || "Everything works.";
  if (place.textContent !== text) replace(place, notice(text, bad.length ? "wrong" : "good"));
}

function tile(title, symbol, value, rows) {
  return h(
    "section",
    { class: "card status-card" },
    h("h2", { class: "row soft" }, icon(symbol), title),
    h("p", { class: "stat" }, value),
    facts(rows, "pairs"),
  );
}
