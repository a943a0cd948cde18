// Stacked bars over time, with a legend, a box that tells a bar's figures (by pointer or arrow keys), and
// the same figures as a table.

import { h, replace, svg, table } from "./elements.js";
import { quantity } from "./format.js";
import { binLabel } from "./ranges.js";
import { labelStep, stack, ticks } from "./scale.js";

const height = 240, bottom = 24, top = 8;

// `series`: [{ name, values, other }], largest first; `times`: when each bin begins.
export function barChart({ times, bin, series, label, format = quantity }) {
  const named = series.map((each, index) => ({
    ...each,
    tone: each.other
      ? "tone-other"
      : `tone-${(index % 6) + 1}${index >= 6 ? ` tone-fade-${Math.min(3, Math.floor(index / 6))}` : ""}`,
  }));
  const plot = h("div", {
    class: "chart-plot",
    tabindex: "0",
    role: "group",
    "aria-label": `${label}. Use the arrow keys to read single bars.`,
  });
  const tip = h("div", { class: "chart-tip", hidden: true, "aria-live": "polite" });
  const drawing = { width: 0, at: -1 };
  const place = h("div", { class: "chart-place" }, plot, tip);
  const stacked = stack(named, times.length);
  const observer = new ResizeObserver(([entry]) => {
    const width = Math.round(entry.contentRect.width);
    if (width > 0 && width !== drawing.width) {
      drawing.width = width;
      draw();
    }
  });
  observer.observe(plot);

  function draw() {
    const values = ticks(stacked.low, stacked.high), low = values[0], high = values.at(-1);
    const compact = (value) => quantity(value, { compact: true });
    const left = Math.max(...values.map((value) => compact(value).length)) * 7 + 12;
    const width = Math.max(60, drawing.width - left - 4), each = width / Math.max(1, times.length);
    const y = (value) => top + (height - top - bottom) * (1 - (value - low) / (high - low));
    const gap = each > 6 ? Math.min(6, each * 0.2) : 0;
    const step = labelStep(times.length, width);
    drawing.binAt = (x) => Math.min(times.length - 1, Math.max(0, Math.floor((x - left) / each)));
    drawing.middle = (index) => left + (index + 0.5) * each;
    replace(
      plot,
      svg(
        "svg",
        { viewBox: `0 0 ${drawing.width} ${height}`, width: drawing.width, height, "aria-hidden": "true" },
        values.map((value) =>
          svg(
            "g",
            { class: "chart-rule" },
            svg("line", { x1: left, x2: left + width, y1: y(value), y2: y(value) }),
            svg("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, compact(value)),
          )
        ),
        svg("rect", {
          class: "chart-band",
          x: 0,
          y: top,
          width: each,
          height: height - top - bottom,
          visibility: "hidden",
        }),
        stacked.segments.map((segment) =>
          svg("rect", {
            class: named[segment.index].tone,
            x: left + segment.bin * each + gap / 2,
            width: Math.max(0.5, each - gap),
            y: y(segment.to),
            height: Math.max(0.5, y(segment.from) - y(segment.to)),
          })
        ),
        times.map((time, index) =>
          index % step === 0 && svg("text", {
            class: "chart-label",
            x: left + (index + 0.5) * each,
            y: height - 6,
            "text-anchor": "middle",
          }, binLabel(time, bin))
        ),
      ),
    );
    drawing.left = left;
    drawing.each = each;
  }

  function point(index) {
    drawing.at = index;
    const band = plot.querySelector(".chart-band");
    if (index < 0 || !band) {
      tip.hidden = true;
      band?.setAttribute("visibility", "hidden");
      return;
    }
    band.setAttribute("x", drawing.left + index * drawing.each);
    band.setAttribute("visibility", "visible");
    const shown = named.filter((each) => each.values[index]);
    replace(
      tip,
      h("strong", null, binLabel(times[index], bin, true)),
      shown.length
        ? shown.map((each) =>
          h(
            "span",
            { class: "chart-tip-row" },
            key(each.tone),
            h("span", { class: "grow" }, each.name),
            h("span", null, format(each.values[index])),
          )
        )
        : h("span", { class: "soft" }, "Nothing"),
      shown.length > 1 &&
        h(
          "span",
          { class: "chart-tip-row strong" },
          h("span", { class: "grow" }, "Together"),
          h("span", null, format(shown.reduce((sum, each) => sum + each.values[index], 0))),
        ),
    );
    tip.hidden = false;
    const middle = drawing.middle(index), room = drawing.width - tip.offsetWidth;
    tip.style.left = `${
      Math.max(0, Math.min(room, middle > drawing.width / 2 ? middle - tip.offsetWidth - 12 : middle + 12))
    }px`;
  }

  plot.addEventListener(
    "pointermove",
    (event) => point(drawing.binAt(event.clientX - plot.getBoundingClientRect().left)),
  );
  plot.addEventListener("pointerleave", () => point(-1));
  plot.addEventListener("blur", () => point(-1));
  plot.addEventListener("keydown", (event) => {
    const next = {
      ArrowRight: drawing.at + 1,
      ArrowLeft: drawing.at < 0 ? times.length - 1 : drawing.at - 1,
      Home: 0,
      End: times.length - 1,
      Escape: -1,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    point(Math.max(-1, Math.min(times.length - 1, next)));
  });
  return h("figure", { class: "chart" }, legend(named, format), place, figures(times, bin, named, label, format));
}

const key = (tone) => h("i", { class: `chart-key ${tone}`, "aria-hidden": "true" });

function legend(named, format) {
  return h(
    "ul",
    { class: "chart-legend" },
    named.map((each) =>
      h(
        "li",
        null,
        key(each.tone),
        h("span", { class: "break" }, each.name),
        h("span", { class: "soft" }, format(each.total ?? each.values.reduce((sum, value) => sum + value, 0))),
      )
    ),
  );
}

// What the drawing says, for those who don't see it, or want to copy it.
function figures(times, bin, named, label, format) {
  const place = h("div", null);
  const details = h("details", { class: "more" }, h("summary", null, "Show as a table"), place);
  details.addEventListener("toggle", () =>
    details.open && !place.childElementCount && replace(
      place,
      table({
        caption: label,
        stacks: false,
        columns: [
          {
            label: "From",
            cell: ({ time }) => binLabel(time, bin, true),
          },
          ...named.map((each) => ({
            label: each.name,
            numeric: true,
            cell: ({ index }) => format(each.values[index] ?? 0),
          })),
        ],
        rows: times.map((time, index) => ({ time, index })),
      }),
    ));
  return details;
}
