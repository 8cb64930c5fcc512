// @ts-check
/** The page of all notifications, and what this browser does when one comes. */

import {byId, find} from "../dom.js";
import {Centre} from "../screen/notifications/centre.js";
import {bindChoices} from "../screen/notifications/choices.js";
import {MarketPage} from "./market_page.js";

class NotificationsPage extends MarketPage {
  #centre = new Centre();

  /** @override */
  begin() {
    void this.#bindPush();
    bindChoices({
      desktop: /** @type {HTMLInputElement} */ (byId("choice-desktop")),
      sound: /** @type {HTMLInputElement} */ (byId("choice-sound")),
      note: byId("choice-note"),
    });
  }

  /** Let a button turn pushes to this browser on and off. */
  async #bindPush() {
    const panel = byId("push");
    const {Device} = await import("../push/device.js");
    const {bindSwitch} = await import("../screen/notifications/push_switch.js");
    const token = find(document, "input[name=csrfmiddlewaretoken]").getAttribute("value") ?? "";
    await bindSwitch(panel, new Device(panel.dataset, token));
  }

  /** @override @param {import("../market/inbox.js").Inbox} inbox */
  hearInbox(inbox) {
    this.#centre.show(inbox);
  }
}

new NotificationsPage().open();
