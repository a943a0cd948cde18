// Runs before the page is drawn, so that a chosen theme doesn't flash the other one.
(() => {
  const theme = localStorage.getItem("tally-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
