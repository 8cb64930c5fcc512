// @ts-check
/**
 * The details of the connection: they show while somebody points at the badge or has the focus on it, and Escape hides them.
 * A press, also on a touch screen, opens all of them as a menu.
 * Must not know the network.
 */

export class LinkDetails {
  #box;

  /** @param {HTMLElement} box @param {{onwanted: () => void}} options `onwanted`: somebody begins to look */
  constructor(box, {onwanted}) {
    this.#box = box;
    for (const kind of ["pointerenter", "focusin"]) {
      box.addEventListener(kind, () => {
        box.classList.remove("is-dismissed");
        onwanted();
      });
    }
    document.addEventListener("keydown", ({key}) => key === "Escape" && box.classList.add("is-dismissed"));
  }

  /** Say whether somebody may look at them. */
  get areShown() {
    return this.#box.matches(":hover, :focus-within") || this.#box.querySelector("details[open]") !== null;
  }
}
