// Runs before the first paint, so that a chosen theme does not flash. Not inline: see the CSP.
try {
  const theme = localStorage.getItem("assay.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden here; the system's theme holds.
}
