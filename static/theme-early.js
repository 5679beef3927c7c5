// In the head and not a module: a page must not flash in the other colours first.
(() => {
  const theme = localStorage.getItem("tgstaff.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
