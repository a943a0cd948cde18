// How something is changed: one id for each intended change, kept over retries, and a question first
// where it is for real.

import { call, requestId } from "./api.js";
import { ask, dialog, form, toast } from "./elements.js";

// `send(method, content)`: the same content is sent again under the same id, in the very same words, until it
// is answered: who presses twice after a lost connection buys once. `about`: what makes it another change,
// where that isn't all of it (a quote's time is no change of what is wanted).
export function intent() {
  let key, kept;
  return async function send(method, content, { about = content, signal } = {}) {
    const text = method + JSON.stringify(about);
    if (!kept || key !== text) kept = { ...content, request_id: requestId() };
    key = text;
    try {
      const reply = await call(method, kept, { signal });
      kept = undefined;
      return reply;
    } catch (error) {
      // Refused: nothing happened, and what is tried next is another change.
      if (error.status >= 400 && error.status < 499 && error.status !== 429) kept = undefined;
      throw error;
    }
  };
}

// In live everything that changes something is asked about once more.
export async function confirmed(context, text, confirm = "Continue") {
  if (context.environment !== "live") return true;
  return ask({ title: "This is live", text, confirm });
}

// A dialog with a form that changes something. `run(send)` does it; when it resolves to false the dialog stays.
export function actionDialog(context, { title, fields, submit, danger, wide, live, run, intro, onClose }) {
  const send = intent();
  let box;
  const content = form({
    fields: [intro, fields],
    submit,
    danger,
    cancel: () => box.close(),
    onSubmit: async () => {
      if (!(await confirmed(context, live ?? `${title}: this concerns a real customer.`, submit))) return;
      if ((await run(send)) !== false) box.close(true);
    },
  });
  box = dialog({ title, body: content, wide, onClose });
  return box;
}

// The server's paths name its request's fields, those of forms are ours.
export function renamed(error, map) {
  if (error.violations) error.violations = error.violations.map((each) => ({ ...each, field: map(each.field) }));
  return error;
}

export const done = (text) => toast(text);
