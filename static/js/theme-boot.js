// @ts-check
/**
 * Sets the classes of the chosen theme before the first paint, so that no wrong colours flash.
 * It is a classic script in <head>, because a module would run too late. Must do nothing else.
 * screen/page/theme.js uses the same names.
 */
(function () {
  "use strict";
  for (const name of ["theme", "palette"]) {
    let value;
    try {
      value = localStorage.getItem(`market.${name}`);
    } catch {
      continue; // storage may be forbidden
    }
    if (value && /^[a-z-]+$/.test(value)) document.documentElement.classList.add(`${name}-${value}`);
  }
  document.documentElement.classList.add("has-script");
})();
