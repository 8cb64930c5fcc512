// @ts-check
/** The page of one's own alerts: how near their prices are, and whether one has fired meanwhile. */

import {byId} from "../dom.js";
import {AlertList} from "../screen/alerts/alert_list.js";
import {SHOWN_FIELDS} from "../wire/frames.js";
import {MarketPage} from "./market_page.js";

/** @typedef {import("../wire/frames.js").MarketFrame} MarketFrame */

class AlertsPage extends MarketPage {
  #list = new AlertList(byId("alerts"), {facts: (symbol) => this.facts(symbol)});

  constructor() {
    super({fields: SHOWN_FIELDS});
  }

  /** @override */
  get symbols() {
    return this.#list.symbols;
  }

  /** @override */
  begin() {
    this.connection.subscriptions.setRate(this.pace.max_rate);
  }

  /** @override @param {MarketFrame} _frame @param {Set<string>} changed */
  hearMarket(_frame, changed) {
    if (changed.size) this.scheduler.touch(this.#list, changed);
  }

  /** @override @param {import("../market/inbox.js").Inbox} inbox */
  hearInbox(inbox) {
    this.#list.hear(inbox);
  }
}

new AlertsPage().open();
