// What a price comes to over usage, drawn.

import { h, svg } from "./elements.js";
import { amount, quantity } from "./format.js";
import { drawnCost, fixedQuantity, readPrice } from "./price.js";

const WIDTH = 360;
const HEIGHT = 150;
const EDGE = { left: 46, right: 10, top: 10, bottom: 22 };

/**
 * @param {{price, included, units: number, currency, name}} options `price`: a usage_price or prepaid_price.
 * @returns {Element | null} null while it can't be drawn.
 */
export function priceCurve({ price, included, units, currency, name }) {
  const ready = readPrice(price);
  const free = fixedQuantity(included || "0");
  if (!ready || free === null) return null;
  const ends = ready.tiers.filter((tier) => !tier.open && tier.upTo !== null).map((tier) => Number(tier.upTo) / 1e10);
  const start = Number(free) / 1e10;
  const pack = Number(ready.pack) / 1e10;
  const limit =
    price.max_purchase !== undefined && price.max_purchase !== "" ? start + Number(price.max_purchase) : Infinity;
  const span = nice(
    Math.min(
      Math.max(start * 2, (ends.at(-1) ?? 0) * 1.35, units * 1.15, pack * 5, 10),
      Number.isFinite(limit) ? limit * 1.1 : Infinity,
    ),
  );
  // At each pack where they can be seen, so that steps are steps; and at each side of a boundary.
  const points = new Set([0, start, span, units]);
  const step = span / pack <= 150 ? pack : span / 150;
  for (let x = start; x <= span; x += step) {
    points.add(x);
    points.add(Math.min(span, x + step * 0.001));
  }
  ends.forEach((end) => {
    points.add(end);
    points.add(end + span / 1e4);
  });
  const drawn = [...points]
    .filter((x) => x >= 0 && x <= span)
    .sort((a, b) => a - b)
    .map((x) => [x, drawnCost(ready, Math.min(x, limit), free)]);
  const top = nice(Math.max(...drawn.map(([, y]) => y), 0.01) * 1.05);
  const x = (value) => EDGE.left + (value / span) * (WIDTH - EDGE.left - EDGE.right);
  const y = (value) => HEIGHT - EDGE.bottom - (value / top) * (HEIGHT - EDGE.top - EDGE.bottom);
  const line = drawn.map(([a, b], index) => `${index ? "L" : "M"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("");
  const now = Math.min(units, span);
  const cost = drawnCost(ready, Math.min(now, limit), free);
  return svg(
    "svg",
    {
      class: "curve",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-label": `Price of ${name} by units: ${quantity(start)} included, ${quantity(span)} cost ${amount(drawn.at(-1)[1].toFixed(2), currency)}`,
    },
    [0, 0.5, 1].map((share) => [
      svg("line", {
        class: "curve-grid",
        x1: EDGE.left,
        x2: WIDTH - EDGE.right,
        y1: y(top * share),
        y2: y(top * share),
      }),
      svg(
        "text",
        { class: "curve-text", x: EDGE.left - 6, y: y(top * share) + 3.5, "text-anchor": "end" },
        short(top * share, currency),
      ),
    ]),
    [0, 0.5, 1].map((share) =>
      svg(
        "text",
        {
          class: "curve-text",
          x: x(span * share),
          y: HEIGHT - 6,
          "text-anchor": share === 1 ? "end" : share ? "middle" : "start",
        },
        quantity(span * share, { compact: true }),
      ),
    ),
    ends
      .filter((end) => end < span)
      .map((end) =>
        svg("line", { class: "curve-tier", x1: x(end), x2: x(end), y1: EDGE.top, y2: HEIGHT - EDGE.bottom }),
      ),
    start > 0 &&
      svg("rect", {
        class: "curve-free",
        x: x(0),
        width: Math.max(0, x(Math.min(start, span)) - x(0)),
        y: EDGE.top,
        height: HEIGHT - EDGE.top - EDGE.bottom,
      }),
    svg("path", { class: "curve-area", d: `${line}L${x(span)} ${y(0)}L${x(0)} ${y(0)}Z` }),
    svg("path", { class: "curve-line", d: line }),
    svg("circle", { class: "curve-now", cx: x(now), cy: y(cost), r: 4 }),
  );
}

const short = (value, currency) =>
  new Intl.NumberFormat(navigator.languages, {
    style: "currency",
    currency: currency.toUpperCase(),
    notation: "compact",
    maximumFractionDigits: value < 10 ? 2 : 1,
    minimumFractionDigits: 0,
  }).format(value);

/** The next round number. */
function nice(value) {
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((each) => each * size >= value * 0.9999) * size;
}

/** The curve with its caption. */
export function curveFigure(options) {
  const curve = priceCurve(options);
  return (
    curve &&
    h(
      "figure",
      null,
      curve,
      h("figcaption", { class: "hint" }, Number(options.included) > 0 ? "Shaded: included." : ""),
    )
  );
}
