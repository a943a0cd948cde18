// From sandbox to live, after a look at what differs. It takes a session of each.

import { publish, readCatalog } from "../catalog.js";
import { chosenPart, compareCatalogs, comparisonList, namedPath } from "../catalog-diff.js";
import {
  button,
  card,
  emptyState,
  errorState,
  h,
  notice,
  pageHead,
  replace,
  showViolations,
  toast,
} from "../elements.js";
import { count } from "../format.js";
import { address } from "../router.js";
import { conflict, review } from "../publish-review.js";

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
        : choose(context, { sandbox, live, rows, differing });
    return h(
      "div",
      { class: "page page-narrow" },
      head,
      card({ title: differing.length ? "What differs" : null }, body),
    );
  },
};

function choose(context, { sandbox, live, rows, differing }) {
  const chosen = new Set(differing);
  const problem = h("div", null);
  const go = button("", {
    primary: true,
    icon: "upload",
    onClick: () => send(context, sandbox, live, chosen, problem),
  });
  const tell = () => {
    go.querySelector("span").textContent = `Review ${count(chosen.size, "thing")} for live`;
    go.disabled = !chosen.size;
    replace(problem);
  };
  tell();
  return h(
    "div",
    { class: "stack" },
    comparisonList(rows, chosen, tell, "only in live, staying as they are"),
    problem,
    h("div", { class: "row row-end" }, go),
  );
}

async function send(context, sandbox, live, chosen, problem) {
  const part = chosenPart(chosen);
  const options = { currency: sandbox.currency, expectedSequence: live.sequence, environment: "live" };
  try {
    const trial = await publish(part, { ...options, validateOnly: true });
    const reply = await review({
      title: "Copy to live",
      part,
      options,
      changes: trial.changes,
      environment: "live",
      word: "live",
      confirm: "Publish",
      effect: "New customers get these plans at once. Customers that there are keep the versions that they bought.",
    });
    if (!reply) return;
    toast(`${count(reply.changes.length, "change")} published in live.`);
    context.navigate(address("live", "plans"));
  } catch (error) {
    if (error.reason === "CATALOG_CHANGED") {
      if (await conflict({ name: "live’s catalog", differing: [] })) context.reload();
      return;
    }
    const rest = error.violations?.length ? showViolations(problem, error, (path) => namedPath(path, part)) : null;
    replace(problem, rest ? notice(rest, "wrong") : errorState(error));
  }
}
