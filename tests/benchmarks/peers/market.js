/** A market of random walks for the servers on Node. */

const STEP_MS = 40;

export class Market {
  sequence = 0;
  constructor(instruments) {
    this.rows = new Map(Array.from({length: instruments}, (_, at) => {
      const symbol = `S${String(at).padStart(4, "0")}`;
      return [symbol, {symbol, p: 100, b: 99.99, a: 100.01, o: 100, h: 100, l: 100, pc: 100, v: 0, seq: 0, at_ms: 0, text: ""}];
    }));
    this.all = [...this.rows.values()];
  }
  /** Change a row; its text is made when somebody asks for it. */
  tick() {
    const row = this.all[Math.floor(Math.random() * this.all.length)];
    this.sequence += 1;
    row.p = Math.round((row.p + (Math.random() < 0.5 ? -0.01 : 0.01)) * 100) / 100;
    row.b = Math.round((row.p - 0.01) * 100) / 100;
    row.a = Math.round((row.p + 0.01) * 100) / 100;
    row.h = Math.max(row.h, row.p);
    row.l = Math.min(row.l, row.p);
    row.v += 100;
    row.seq = this.sequence;
    row.at_ms = Date.now();
    row.text = "";
    return row;
  }
  /** Make ticks at a rate, all that are due at each step. */
  begin(rate, take = () => {}) {
    let made = 0;
    const begun_ms = Date.now();
    setInterval(() => {
      for (const due = ((Date.now() - begun_ms) * rate) / 1000; made < due; made += 1) take(this.tick());
    }, STEP_MS);
  }
}
