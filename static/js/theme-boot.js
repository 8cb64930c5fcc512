// @ts-check
/**
 * Sets the classes of the chosen look before the first paint, so that no wrong colours flash.
 * It is a classic script in <head>, because a module would run too late. Must do nothing else.
 * `?kiosk` in the address leaves only what a screen on a wall needs.
 * What the server keeps of a person's choices comes in `data-kept`, and this browser remembers it.
 * screen/page/theme.js uses the same names.
 */
(function () {
  "use strict";
  const {kept} = document.documentElement.dataset;
  const wanted = new URLSearchParams(kept);
  for (const name of ["theme", "contrast", "palette", "density", "zone", "notices.desktop", "notices.sound"]) {
    let value = wanted.get(name);
    try {
      if (kept === undefined) value = localStorage.getItem(`market.${name}`);
      else if (value === null) localStorage.removeItem(`market.${name}`);
      else localStorage.setItem(`market.${name}`, value);
    } catch {
      // storage may be forbidden
    }
    if (value && /^[a-z-]+$/.test(value)) document.documentElement.classList.add(`${name}-${value}`);
  }
  if (matchMedia("(prefers-contrast: more)").matches) document.documentElement.classList.add("contrast-high");
  if (new URLSearchParams(location.search).has("kiosk")) document.documentElement.classList.add("is-kiosk");
  document.documentElement.classList.add("has-script");
})();
