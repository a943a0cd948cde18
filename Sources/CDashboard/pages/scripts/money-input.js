// Amounts as people type them, to the currency's minor unit exactly: no floating point on the way.

import { currencyDigits } from "./format.js";

// "12.5" of usd is 1250; undefined: it is no amount, or finer than the currency has.
export function minorUnits(text, currency) {
  const plain = text.trim().replace(/[\s'’]/g, "").replace(",", "."), digits = currencyDigits(currency);
  const match = /^(-?)(\d{1,12})(?:\.(\d*))?$/.exec(plain);
  if (!match) return undefined;
  const fraction = (match[3] ?? "").replace(/0+$/, "");
  if (fraction.length > digits) return undefined;
  return Number(match[1] + match[2] + fraction.padEnd(digits, "0"));
}
