// The catalog as a file: the same that `tally catalog apply` takes. Out, and in with a look first.

import { readCatalog, tidy } from "../catalog.js";
import { compareCatalogs } from "../catalog-diff.js";
import { button, card, emptyState, h, notice, pageHead, replace, toast } from "../elements.js";
import { count } from "../format.js";
import { publishChoice } from "../publishing.js";

export default {
  title: "Catalog as a file",
  async load(context) {
    const catalog = await readCatalog({ signal: context.signal });
    const place = h("div", { class: "stack" });
    const picker = h("input", {
      type: "file",
      accept: ".json,application/json",
      class: "visually-hidden",
      tabindex: "-1",
      "aria-label": "A catalog file",
    });
    picker.addEventListener("change", async () => {
      if (picker.files[0]) {
        await read(context, catalog, picker.files[0], place);
        picker.value = "";
      }
    });
    const drop = h(
      "div",
      { class: "drop" },
      emptyState({
        icon: "upload",
        title: "Drop a catalog file here",
        text: "Nothing is published before you have seen what would change.",
        actions: button("Choose a file", { onClick: () => picker.click() }),
      }),
      picker,
    );
    drop.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("drop-over");
    });
    drop.addEventListener("dragleave", () => drop.classList.remove("drop-over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("drop-over");
      const [file] = event.dataTransfer.files;
      if (file) read(context, catalog, file, place);
    });
    const text = JSON.stringify(tidy(catalog.catalog), null, 2);
    return h(
      "div",
      { class: "page page-narrow" },
      pageHead("Catalog as a file", {
        crumbs: [{ label: "Plans", href: context.link("plans") }],
        lead: "Keep it beside your code: the same file can be applied with tally catalog apply.",
      }),
      card(
        {
          title: "Export",
          actions: button("Download", {
            icon: "download",
            primary: true,
            onClick: () => download(text, `catalog-${context.environment}.json`),
          }),
        },
        h(
          "p",
          { class: "soft" },
          `${count(catalog.catalog.plans.length, "plan")}, ${count(catalog.catalog.features.length, "feature")}${catalog.sequence ? `, publication ${catalog.sequence}` : ""}.`,
        ),
        h(
          "details",
          { class: "more" },
          h("summary", null, "Look at it"),
          h("pre", { class: "code catalog-text", tabindex: "0" }, text),
        ),
      ),
      context.can("catalog:write") && card({ title: "Import" }, drop, place),
    );
  },
};

function download(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

async function read(context, catalog, file, place) {
  let found;
  try {
    found = JSON.parse(await file.text());
    if (found === null || typeof found !== "object" || Array.isArray(found))
      throw new SyntaxError("It holds no catalog.");
    // Replies of the API have it inside.
    found = found.catalog ?? found;
  } catch (error) {
    return replace(place, notice(`“${file.name}” can’t be read: ${error.message}`, "wrong"));
  }
  const rows = compareCatalogs(found, catalog.catalog);
  if (!rows.some((row) => row.state === "new" || row.state === "changed"))
    return replace(place, notice(`What is in “${file.name}” is published already.`, "good"));
  const { deleted_plan_ids: plans, deleted_feature_ids: features } = found;
  return replace(
    place,
    h("h3", null, file.name),
    publishChoice(context, {
      rows,
      only: "not in the file, staying as they are",
      extra: { ...(plans ? { deleted_plan_ids: plans } : {}), ...(features ? { deleted_feature_ids: features } : {}) },
      options: { currency: found.currency || catalog.currency, expectedSequence: catalog.sequence },
      name: "the catalog",
      looks: {
        title: "Publish the file",
        word: context.environment,
        effect: "Customers keep the versions that they bought, and what they have of what is archived.",
      },
      done: (reply) => {
        toast(`${count(reply.changes.length, "change")} published.`);
        return context.navigate(context.link("plans"));
      },
    }),
  );
}
