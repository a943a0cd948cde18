// Looks again and again, but only while somebody is looking: the page is seen, has the focus, and there was
// a movement within ten minutes.

const idleAfter = 10 * 60e3;
const signs = ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"];

// `look()` is awaited, so that a slow answer isn't asked for twice. `onState("live" | "away" | "idle")`.
export function liveLook({ every, look, onState, signal }) {
  let timer, last = Date.now(), state;
  const seen = () => !document.hidden && document.hasFocus();
  const tell = (next) => {
    if (next !== state) {
      state = next;
      onState?.(next);
    }
  };
  const plan = (delay) => {
    clearTimeout(timer);
    timer = setTimeout(turn, delay);
  };
  async function turn() {
    if (signal.aborted) return;
    if (!seen()) return tell("away");
    if (Date.now() - last > idleAfter) return tell("idle");
    tell("live");
    try {
      await look();
    } catch (error) {
      if (error.name === "AbortError") return;
    }
    if (!signal.aborted) plan(every);
  }
  const awake = () => {
    last = Date.now();
    if (state !== "live" && seen()) plan(0);
  };
  const back = () => {
    if (seen()) awake();
    else {
      clearTimeout(timer);
      tell("away");
    }
  };
  for (const each of signs) addEventListener(each, awake, { passive: true, signal });
  addEventListener("focus", back, { signal });
  addEventListener("blur", back, { signal });
  document.addEventListener("visibilitychange", back, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  plan(0);
  return { now: () => plan(0) };
}
