// That a page shows what was typed before, and not what is published.

import { button, notice } from "./elements.js";
import { relativeTime } from "./format.js";

/** @param kept what `store` (a draftStore) had when the page was opened; nothing: null. */
export function draftNotice(context, store, kept) {
  const startOver = () => {
    store.clear();
    context.reload();
  };
  return (
    kept &&
    notice(
      `This is what you typed ${relativeTime(kept.time)}; it isn’t published.`,
      null,
      button("Start over", { small: true, onClick: startOver }),
    )
  );
}
