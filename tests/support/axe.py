"""Asks axe what is wrong with pages for people who cannot see, hear or point, in every theme."""

from typing import Final

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

THEMES: Final = {
    "light": ["theme-light"],
    "dark": ["theme-dark"],
    "high contrast, light": ["theme-light", "contrast-high"],
    "high contrast, dark": ["theme-dark", "contrast-high"],
}
"""The themes that can be chosen, and the classes of <html> that make them."""
RUN: Final = """async ({themes, within, known}) => {
  const ours = ["theme-light", "theme-dark", "contrast-high"];
  const found = [];
  const quick = {resultTypes: ["violations"], preload: false, iframes: false};
  const look = async (theme, include, options) => {
    document.documentElement.classList.remove(...ours);
    document.documentElement.classList.add(...themes[theme]);
    // The rows of a long table are all alike, so the first ones speak for the others.
    const parts = {include, exclude: ["tbody > tr:nth-child(n + 5)"]};
    const {violations} = await axe.run(parts, {...quick, ...options});
    for (const {id, impact, nodes} of violations) {
      if (impact !== "serious" && impact !== "critical") continue;
      for (const {target, failureSummary: why} of nodes) {
        found.push([theme, id, target.join(" "), why]);
      }
    }
  };
  const [first, ...others] = Object.keys(themes);
  await look(first, [within], {rules: {"target-size": {enabled: true}}});
  // Another theme changes colours alone, and for all elements of the same make alike. So each make
  // is looked at once: its tag and classes, those of what it stands in, and the page's styles.
  const sheets = [...document.styleSheets].map(({href}) => href?.split("/").at(-1)).join();
  const make = (element, levels) => {
    if (!element || !levels) return sheets;
    const own = `${element.tagName}.${element.getAttribute("class")}`;
    return `${own} ${make(element.parentElement, levels - 1)}`;
  };
  const makes = new Map();
  for (const element of document.querySelectorAll(`${within}, ${within} *`)) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const key = make(element, 4);
    if (hasText && !known.includes(key) && !makes.has(key) && element.checkVisibility()) {
      makes.set(key, element);
    }
  }
  const colours = {runOnly: ["color-contrast", "link-in-text-block"]};
  if (makes.size) for (const theme of others) await look(theme, [...makes.values()], colours);
  return [found, [...makes.keys()]];
}"""


class Inspector:
    """Looks at one page after another."""

    def __init__(self) -> None:
        self._known: list[str] = []

    def violations(self, page: Page, where: str, within: str = "html") -> list[str]:
        """Return what is seriously or critically wrong: page, theme, rule, element and why.

        `within` is a selector of the part of the page to look at. The script comes through the
        debugger's line, so the page's policy on scripts stays as it is.
        """
        page.evaluate(AXE_SCRIPT)
        arguments = {"themes": THEMES, "within": within, "known": self._known}
        found, makes = page.evaluate(RUN, arguments)
        self._known += makes
        return [
            f"{where} ({theme}): {rule}: {element}: {' '.join(why.split())}"
            for theme, rule, element, why in found
        ]
