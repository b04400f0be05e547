// This script runs before the first paint, so that the page never shows another theme first.
// It has its own file, because the content security policy forbids inline scripts.
const theme = localStorage.getItem("theme");
if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
