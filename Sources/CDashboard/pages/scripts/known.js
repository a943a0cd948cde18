// The catalog as pages about customers need it: names of plans and features, and what they are.

import { call, currentEnvironment } from "./api.js";

const kept = new Map();
const fresh = 30e3;

// Once for all pages of an environment; read anew after half a minute, so that what was published
// meanwhile has its name soon.
export function knownCatalog() {
  const environment = currentEnvironment(), found = kept.get(environment);
  if (found && Date.now() - found.time < fresh) return found.promise;
  const promise = call("CatalogService/GetCatalog", {}).then(describe);
  kept.set(environment, { time: Date.now(), promise });
  promise.catch(() => kept.delete(environment));
  return promise;
}

// When something was published from here.
export function forgetCatalog(environment = currentEnvironment()) {
  kept.delete(environment);
}

function describe({ catalog, catalog_sequence: sequence }) {
  const plans = new Map(catalog.plans.map((plan) => [plan.plan_id, plan]));
  const features = new Map(catalog.features.map((feature) => [feature.feature_id, feature]));
  const coupons = new Map((catalog.coupons ?? []).map((coupon) => [coupon.coupon_id, coupon]));
  return {
    catalog,
    sequence,
    currency: catalog.currency || "usd",
    plans: catalog.plans,
    features: catalog.features,
    coupons: catalog.coupons ?? [],
    taxRates: catalog.tax_rates ?? [],
    programmes: catalog.referral_programmes ?? [],
    plan: (id) => plans.get(id),
    feature: (id) => features.get(id),
    coupon: (id) => coupons.get(id),
    // What is gone from the catalog is called by its id.
    planName: (id) => plans.get(id)?.name || id,
    featureName: (id) => features.get(id)?.name || id,
    featuresOfType: (...types) => catalog.features.filter((feature) => types.includes(feature.type)),
  };
}

// What can be chosen, by name; with the id where several have one name, and what is archived last.
export function options(list, id, none) {
  const named = (name) => list.filter((each) => each.name === name).length;
  const label = (each) => each.name && named(each.name) > 1 ? `${each.name} (${each[id]})` : each.name || each[id];
  const choice = (each) => ({ value: each[id], label: `${label(each)}${each.archived ? " (archived)" : ""}` });
  return [
    ...(none === undefined ? [] : [{ value: "", label: none }]),
    ...list.filter((each) => !each.archived).map(choice),
    ...list.filter((each) => each.archived).map(choice),
  ];
}
