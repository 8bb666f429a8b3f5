/* Two things the theme leaves out for screen readers:
   a button's name must contain the text it shows, and the side bar must be a landmark. */
document.addEventListener("DOMContentLoaded", () => {
  for (const icon of document.querySelectorAll("button[aria-label] [title], button[aria-label] svg > title")) {
    icon.matches("title") ? icon.remove() : icon.removeAttribute("title"); // an icon repeats nothing
  }
  for (const summary of document.querySelectorAll("summary[aria-label]")) {
    summary.removeAttribute("aria-label"); // its text says more
  }
  for (const button of document.querySelectorAll("button[aria-label]")) {
    const shown = button.textContent.replace(/\s+/g, " ").trim();
    const name = button.getAttribute("aria-label");
    if (shown && !name.toLowerCase().includes(shown.toLowerCase())) {
      button.setAttribute("aria-label", `${name} ${shown}`);
    }
  }
  const side = document.querySelector(".bd-sidebar-primary");
  if (side && !side.hasAttribute("role")) {
    side.setAttribute("role", "region");
    side.setAttribute("aria-label", "Contents of the course");
  }
});
