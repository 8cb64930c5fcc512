// @ts-check
/** The page of one instrument: its chart, its trades and its key figures. */

import {find} from "../dom.js";
import {offerActions} from "../screen/page/keyboard.js";
import {CHANNEL} from "../wire/frames.js";
import {MarketPage} from "./market_page.js";

/** @typedef {import("../wire/frames.js").MarketFrame} MarketFrame */

class InstrumentPage extends MarketPage {
  #symbol = find(document, "#instrument [data-part=symbol]").textContent;
  #wasUnseen = false;

  /** @override */
  get symbols() {
    return [this.#symbol];
  }

  /** @override */
  begin() {
    this.connection.subscriptions.setRate(this.pace.max_rate);
    void this.chart(this.#symbol);
    offerActions([{key: "t", label: "Open or close the trades", run: () => this.toggleTrades()}]);
  }

  /** @override @param {MarketFrame} frame */
  hearMarket(frame) {
    if (frame.channel === CHANNEL.STATUS) this.#askAgain();
  }

  /** Ask again for an instrument that the server did not know and that is listed now. */
  #askAgain() {
    const isUnseen = this.isUnseen(this.#symbol);
    if (this.#wasUnseen && !isUnseen) {
      this.connection.subscriptions.add(CHANNEL.TICKER, [this.#symbol]);
      this.trades?.retry([this.#symbol]);
    }
    this.#wasUnseen = isUnseen;
  }
}

new InstrumentPage().open();
