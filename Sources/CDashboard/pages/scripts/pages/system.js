// How the server is, and what belongs to the environment as a whole: receivers, keys, audit, clock.

import { emptyState, h, pageHead } from "../elements.js";

const PARTS = [
  { id: "status", label: "Status" },
  { id: "webhooks", label: "Webhooks", scope: "webhooks:read" },
  { id: "keys", label: "API keys", scope: "keys:read" },
  { id: "audit", label: "Audit", admin: true },
  { id: "clock", label: "Test clock", sandbox: true },
];

let part = null;

export default {
  title: "System",
  async load(context) {
    const wanted = context.path[0] ?? "status";
    const shown = PARTS.filter(
      (entry) =>
        (!entry.scope || context.can(entry.scope)) &&
        (!entry.admin || context.session.role === "admin") &&
        (!entry.sandbox || context.environment === "sandbox"),
    );
    const present = shown.find((entry) => entry.id === wanted);
    const bar = h(
      "nav",
      { class: "tabs", "aria-label": "System" },
      shown.map((entry) =>
        h(
          "a",
          {
            class: "tab",
            href: context.link("system", entry.id === "status" ? "" : entry.id),
            "aria-current": entry === present ? "page" : null,
          },
          entry.label,
        ),
      ),
    );
    part = present ? (await import(`./system-${present.id}.js`)).default : null;
    if (present) context.setTitle(present.id === "status" ? "System" : present.label);
    const body = part
      ? await part.load(context)
      : emptyState({
          title: "Not here",
          text:
            wanted === "clock"
              ? "Only sandbox environments have a clock that can be moved."
              : "There is no such part, or your role doesn’t see it.",
          icon: "system",
        });
    // On a narrow screen the present one may be beyond the edge.
    requestAnimationFrame(() =>
      bar.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" }),
    );
    return h("div", { class: "page" }, pageHead("System"), bar, body);
  },
  leave() {
    part?.leave?.();
    part = null;
  },
};
