// Geometry of charts: figures in, places out. Knows no document.

// About `count` round values from 0 (or below) to at least `high`.
export function ticks(low, high, count = 4) {
  if (!(high > low)) return [0, 1];
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= rough - power * 1e-9);
  const first = Math.floor(low / step) * step, values = [];
  for (let value = first; value < high + step * (1 - 1e-9); value += step) values.push(Number(value.toPrecision(12)));
  return values;
}

// Stacks series bin by bin; what is negative goes downwards from 0.
export function stack(series, binCount) {
  const segments = [];
  let low = 0, high = 0;
  for (let bin = 0; bin < binCount; bin += 1) {
    let up = 0, down = 0;
    series.forEach((each, index) => {
      const value = each.values[bin] ?? 0;
      if (value === 0) return;
      const from = value > 0 ? up : down, to = from + value;
      if (value > 0) up = to;
      else down = to;
      segments.push({ bin, index, from: Math.min(from, to), to: Math.max(from, to), value });
    });
    low = Math.min(low, down);
    high = Math.max(high, up);
  }
  return { segments, low, high };
}

// Every how manieth label of an axis is shown, for them not to touch.
export const labelStep = (count, width, each = 56) =>
  Math.max(1, Math.ceil(count / Math.max(1, Math.floor(width / each))));
