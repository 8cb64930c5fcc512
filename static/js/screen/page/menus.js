// @ts-check
/**
 * Closes menus as people expect. Menus are <details>, so they open without a script.
 * Must not know what is in them.
 */

/** Close menus on Escape, on a click elsewhere, and when another one opens. */
export function bindMenus() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus()) {
      const isInside = menu.contains(document.activeElement);
      menu.open = false;
      if (isInside) menu.querySelector("summary")?.focus();
    }
  });
  document.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    // A click may have removed its own target, as "mark as read" does: that was inside.
    for (const menu of openMenus()) if (target.isConnected && !menu.contains(target)) menu.open = false;
  });
}

/** @returns {HTMLDetailsElement[]} */
function openMenus() {
  return [.../** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("details.menu[open]"))];
}
