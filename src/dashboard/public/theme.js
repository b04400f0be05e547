// Before the first paint, so that a chosen theme does not flash; a script of its own because inline ones are refused.
const theme = localStorage.getItem("theme");
if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
