// What holds for all customers: dunning, disputes, past due, taxes.

import { ApiError } from "../api.js";
import { differences, publish, readCatalog, tidy } from "../catalog.js";
import { button, card, clearErrors, h, notice, pageHead, replace, showViolations, toast } from "../elements.js";
import { draftNotice } from "../draft-notice.js";
import { draftStore, plainNumber } from "../plan-draft.js";
import { conflict, differenceTable, review } from "../publish-review.js";
import { dunningForm, taxForm, usageForm } from "../settings-form.js";

export default {
  title: "Catalog settings",
  async load(context) {
    const catalog = await readCatalog({ signal: context.signal });
    const store = draftStore(`${context.environment}/settings`);
    const kept = store.read();
    const draft = kept?.draft ?? {
      settings: settingsDraft(catalog.catalog.settings),
      tax_rates: structuredClone(catalog.catalog.tax_rates ?? []).map(tidy),
    };
    return page(context, { catalog, store, draft, kept, sequence: kept?.sequence ?? catalog.sequence });
  },
};

function settingsDraft(settings) {
  const draft = tidy(settings ?? {});
  if (draft.dunning) draft.dunning.retry_days = settings.dunning.retry_days ?? [];
  return draft;
}

function page(context, state) {
  const { catalog, store, draft, kept } = state;
  const mayWrite = context.can("catalog:write");
  const problem = h("div", { hidden: true });
  const saved = h("p", { class: "soft small" });
  const editor = {
    draft: draft.settings,
    rates: draft.tax_rates,
    catalog,
    changed() {
      problem.hidden = true;
      store.write({ draft, sequence: state.sequence, time: Date.now() });
      saved.textContent = "Not published. Kept in this tab.";
    },
  };
  const go = button("Review and publish", { primary: true, onClick: () => send(context, { ...state, form, problem }) });
  const form = h(
    "form",
    {
      class: "editor",
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        if (mayWrite) go.click();
      },
    },
    h(
      "fieldset",
      { class: "stack-l", disabled: !mayWrite },
      h("legend", { class: "visually-hidden" }, "Settings"),
      card({ title: "When a renewal isn’t paid" }, dunningForm(editor)),
      card({ title: "Use" }, usageForm(editor)),
      card({ title: "Taxes" }, taxForm(editor, catalog)),
    ),
  );
  return h(
    "div",
    { class: "page page-narrow" },
    pageHead("Catalog settings", {
      crumbs: [{ label: "Plans", href: context.link("plans") }],
      lead: `Prices are in ${catalog.currency.toUpperCase()}. These settings hold for every customer, at once.`,
    }),
    draftNotice(context, store, kept),
    form,
    mayWrite && h("div", { class: "editor-bar" }, h("div", { class: "grow stack-s" }, saved, problem), go),
  );
}

async function send(context, { catalog, store, draft, sequence, form, problem }) {
  clearErrors(form);
  const tell = (error) => {
    const rest = showViolations(form, error, (path) => path.replace(/^(catalog\.)?(settings\.)?/, ""));
    problem.hidden = false;
    replace(problem, notice(rest ?? "Some fields need a look: see what stands beside them.", "wrong"));
  };
  const days = draft.settings.dunning?.retry_days ?? [];
  if (days.some((day) => !Number.isInteger(day)))
    return tell(
      new ApiError(0, {
        violations: [{ field: "dunning.retry_days", message: "Whole numbers of days, separated by commas." }],
      }),
    );
  const rates = draft.tax_rates.map((rate) => ({ ...rate, percentage: plainNumber(rate.percentage) }));
  const part = { settings: draft.settings, tax_rates: rates };
  const options = { currency: catalog.currency, expectedSequence: sequence };
  try {
    const trial = await publish(part, { ...options, validateOnly: true });
    if (trial.changes.length) {
      const list = differences(
        { settings: tidy(catalog.catalog.settings ?? {}), tax_rates: tidy(catalog.catalog.tax_rates ?? []) },
        { settings: tidy(draft.settings), tax_rates: tidy(rates) },
      );
      const reply = await review({
        title: "Changes to the settings",
        part,
        options,
        changes: trial.changes,
        environment: context.environment,
        word: context.environment,
        effect: "They hold for every customer at once.",
        details: differenceTable(list),
      });
      if (!reply) return;
    }
    store.clear();
    toast(trial.changes.length ? "The settings are published." : "Nothing has changed.", {
      tone: trial.changes.length ? "good" : "info",
    });
    context.navigate(context.link("plans"));
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error.reason !== "CATALOG_CHANGED") return tell(error);
    const now = await readCatalog();
    const answer = await conflict({
      name: "the settings",
      differing: differences(tidy(catalog.catalog.settings ?? {}), tidy(now.catalog.settings ?? {})),
    });
    if (answer === "theirs") store.clear();
    else if (answer === "keep") store.write({ draft, sequence: now.sequence, time: Date.now() });
    if (answer) context.reload();
  }
}
