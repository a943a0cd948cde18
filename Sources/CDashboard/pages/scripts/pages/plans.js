import { h, pageHead } from "../elements.js";

export default {
  title: "Plans",
  async load() {
    return h("div", { class: "page" }, pageHead("Plans"));
  },
};
