// @ts-check
/**
 * Shows the buttons that use a passkey, and says when one could not be used.
 *
 * allauth's scripts do the rest, and say it to the console only.
 *
 * @module
 */

document.addEventListener("allauth.error", (event) => {
  const note = document.getElementById("passkey-note");
  if (note === null) {
    return;
  }
  event.preventDefault();
  note.textContent = "Nothing was done: the passkey was not used, or this browser cannot use one.";
  note.hidden = false;
});

// allauth's scripts are loaded before this one, and begin to listen to the buttons at this event.
// So a button that shows also works.
document.addEventListener("DOMContentLoaded", () => {
  if (!("PublicKeyCredential" in window)) {
    return;
  }
  for (const button of document.querySelectorAll("[data-passkey]")) {
    button.removeAttribute("hidden");
  }
});
