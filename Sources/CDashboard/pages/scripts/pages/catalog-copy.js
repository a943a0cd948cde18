// From sandbox to live, after a look at what differs. It takes a session of each.

import { readCatalog } from "../catalog.js";
import { compareCatalogs } from "../catalog-diff.js";
import { button, card, emptyState, h, notice, pageHead, toast } from "../elements.js";
import { count } from "../format.js";
import { publishChoice } from "../publishing.js";
import { address } from "../router.js";

export default {
  title: "Copy to live",
  async load(context) {
    const head = pageHead("Copy to live", {
      crumbs: [{ label: "Plans", href: context.link("plans") }],
      lead: "What is published in the sandbox is published in live too. Customers there keep the versions that they bought.",
    });
    if (context.environment !== "sandbox")
      return context.navigate(address("sandbox", "plans", "~copy-to-live"), { replace: true });
    const { signal } = context;
    const [sandbox, live] = await Promise.all([readCatalog({ signal }), readCatalog({ signal, environment: "live" })]);
    const rows = compareCatalogs(sandbox.catalog, live.catalog);
    const differing = rows.filter((row) => row.state === "new" || row.state === "changed");
    const foreign = live.sequence && live.currency !== sandbox.currency;
    const body = foreign
      ? notice(
          `Live sells in ${live.currency.toUpperCase()}, the sandbox in ${sandbox.currency.toUpperCase()}: prices can’t be copied.`,
          "wrong",
        )
      : !differing.length
        ? emptyState({
            title: "Live has it all",
            text: "Nothing in the sandbox differs from live.",
            icon: "check",
            actions: button("Live’s plans", { href: address("live", "plans") }),
          })
        : choose(context, { sandbox, live, rows });
    return h(
      "div",
      { class: "page page-narrow" },
      head,
      card({ title: differing.length ? "What differs" : null }, body),
    );
  },
};

const choose = (context, { sandbox, live, rows }) =>
  publishChoice(context, {
    rows,
    only: "only in live, staying as they are",
    label: " for live",
    icon: "upload",
    options: { currency: sandbox.currency, expectedSequence: live.sequence, environment: "live" },
    name: "live’s catalog",
    looks: {
      title: "Copy to live",
      environment: "live",
      word: "live",
      effect:
        "New customers get these plans at once; what is archived isn’t offered to them. Customers that there are keep the versions that they bought.",
    },
    done: (reply) => {
      toast(`${count(reply.changes.length, "change")} published in live.`);
      return context.navigate(address("live", "plans"));
    },
  });
