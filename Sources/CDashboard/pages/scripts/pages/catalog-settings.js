// What holds for all customers: dunning, disputes, past due, taxes.

import { ApiError } from "../api.js";
import { differences, readCatalog, tidy } from "../catalog.js";
import { button, card, clearErrors, h, pageHead } from "../elements.js";
import { draftNotice } from "../draft-notice.js";
import { draftStore, plainNumber } from "../plan-draft.js";
import { differenceTable } from "../publish-review.js";
import { editorForm, publishDraft, teller } from "../publishing.js";
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
    const sequence = kept?.sequence ?? catalog.sequence;
    return page(context, { catalog, store, draft, kept, sequence, base: kept ? kept.base : publishedOf(catalog) });
  },
};

const publishedOf = ({ catalog }) => tidy({ settings: catalog.settings ?? {}, tax_rates: catalog.tax_rates ?? [] });

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
      store.write({ draft, sequence: state.sequence, base: state.base, time: Date.now() });
      saved.textContent = "Not published. Kept in this tab.";
    },
  };
  const go = button("Review and publish", { primary: true, onClick: () => send(context, { ...state, form, problem, strip: /^settings\.?/ }) });
  const form = editorForm(
    "Settings",
    mayWrite,
    () => go.click(),
    card({ title: "When a renewal isn’t paid" }, dunningForm(editor)),
    card({ title: "Use" }, usageForm(editor)),
    card({ title: "Taxes" }, taxForm(editor, catalog)),
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

function send(context, state) {
  const { catalog, draft, form, problem } = state;
  clearErrors(form);
  problem.hidden = true;
  const days = draft.settings.dunning?.retry_days ?? [];
  if (days.some((day) => !Number.isInteger(day))) {
    const message = "Whole numbers of days, separated by commas.";
    return teller(state)(new ApiError(0, { violations: [{ field: "dunning.retry_days", message }] }));
  }
  const rates = draft.tax_rates.map((rate) => ({ ...rate, percentage: plainNumber(rate.percentage) }));
  const part = { settings: draft.settings, tax_rates: rates };
  return publishDraft(context, {
    ...state,
    part,
    options: { currency: catalog.currency, expectedSequence: state.sequence },
    name: "the settings",
    theirs: publishedOf,
    looks: {
      title: "Changes to the settings",
      word: context.environment,
      effect: "They hold for every customer at once.",
      details: differenceTable(differences(publishedOf(catalog), tidy(part))),
    },
    said: "The settings are published.",
    leave: () => context.navigate(context.link("plans")),
  });
}
