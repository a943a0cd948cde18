// A plan while it is edited: in the API's form, with numbers as they were typed. Drafts stay in the
// session's storage, so that a reload or a wrong turn loses nothing.

import { tidy } from "./catalog.js";

const NUMBERS = new Set([
  "included",
  "billing_units",
  "max_purchase",
  "up_to",
  "interval_count",
  "duration_length",
  "months",
  "max",
  "max_percentage",
  "overage_limit",
  "overage_percentage",
  "limit",
  "threshold",
  "quantity",
  "default_markup",
  "percentage",
  "max_redemptions",
  "expire_days",
  "expire_months",
]);
const DECIMALS = new Set([
  "amount",
  "flat_amount",
  "minimum_amount",
  "invoice_credits",
  "credits",
  "input",
  "output",
  "cache_read",
  "cache_write",
  "audio_input",
  "audio_output",
  "reasoning",
]);
const WHOLE = new Set([
  "interval_count",
  "duration_length",
  "months",
  "max_redemptions",
  "expire_days",
  "expire_months",
]);

const separator =
  new Intl.NumberFormat(navigator.languages).formatToParts(1.5).find((part) => part.type === "decimal")?.value ?? ".";

/** What a person typed as a plain decimal: with the viewer's own separators, too. */
export function plainNumber(text) {
  let plain = String(text ?? "")
    .trim()
    .replace(/[\s\u00a0\u202f'_]/g, "");
  if (separator === "," && /^-?[\d.]*,\d*$/.test(plain)) plain = plain.replaceAll(".", "").replace(",", ".");
  else if (/^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(plain)) plain = plain.replaceAll(",", "");
  return plain;
}

/** The plan to be published, and what can't be: [{ field, message }]. */
export function toPlan(draft) {
  const problems = [];
  const walk = (value, path, key) => {
    if (Array.isArray(value)) return value.map((entry, index) => walk(entry, `${path}[${index}]`, key));
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value)
          .filter(([, entry]) => entry !== undefined && entry !== null)
          .map(([name, entry]) => [name, walk(entry, path ? `${path}.${name}` : name, name)])
          .filter(([name, entry]) => !(NUMBERS.has(name) && entry === "")),
      );
    }
    if (typeof value !== "string") return value;
    if (DECIMALS.has(key)) return plainNumber(value);
    if (!NUMBERS.has(key)) return value.trim();
    const plain = plainNumber(value);
    if (plain === "") return "";
    if (!Number.isFinite(Number(plain))) problems.push({ field: path, message: "This isn’t a number." });
    else if (WHOLE.has(key) && !/^\d+$/.test(plain))
      problems.push({ field: path, message: "This must be a whole number." });
    return Number(plain);
  };
  return { plan: walk(draft, "", ""), problems };
}

/** A published plan made ready to be edited. */
export function toDraft(plan) {
  const draft = structuredClone(tidy(plan));
  draft.items ??= [];
  return draft;
}

export const emptyPlan = () => ({ plan_id: "", name: "", price: { amount: "", interval: "month" }, items: [] });

/** An id made of a name: "Pro (yearly)" is "pro_yearly". */
export function identifierOf(name) {
  return name
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 63);
}

/** A place for a draft: { read(), write(value), clear() }. */
export function draftStore(name) {
  const key = `tally-draft/${name}`;
  return {
    read() {
      try {
        return JSON.parse(sessionStorage.getItem(key));
      } catch {
        return null;
      }
    },
    write(value) {
      try {
        sessionStorage.setItem(key, JSON.stringify(value));
      } catch {
        /* Full: the page still has it. */
      }
    },
    clear() {
      sessionStorage.removeItem(key);
    },
  };
}
