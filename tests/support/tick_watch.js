/**
 * Watches how soon ticks are on the screen. The page's own socket, board and painter are left as they are: this only reads
 * the frames too, and looks which cells of prices change. The server runs on the same machine, so both have one clock.
 *
 * `globalThis.ticksShown` has for each tick that changed a cell how long ago it was made (ms) when its frame arrived, when the
 * page had painted it, and when the animation frame after that began: by then the picture has left the page.
 * A tick that another one replaced before the frame left the server is on no screen, so it has no figures.
 */
() => {
  /** When the newest tick was made that came for a symbol and is not painted yet, and when it came. */
  const waiting = new Map();
  globalThis.ticksShown = {arrived_ms: [], painted_ms: [], left_ms: [], unseen: 0};
  const shown = globalThis.ticksShown;

  const hear = ({data}) => {
    const frame = JSON.parse(data);
    if (frame.channel !== "ticker" || frame.type === "snapshot") return;
    const now_ms = Date.now();
    for (const [symbol, {ms}] of Object.entries(frame.data)) {
      if (typeof ms === "number") waiting.set(symbol, {made_ms: frame.ts - ms, arrived_ms: now_ms});
    }
  };
  globalThis.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", hear);
    }
  };

  const symbolOf = ({target}) => target.parentElement?.closest("td[data-field]")?.closest("tr[data-symbol]")?.dataset.symbol;
  const note = (ticks, name) => {
    const now_ms = Date.now();
    shown[name].push(...ticks.map(({made_ms}) => now_ms - made_ms));
  };
  // It is called as soon as the painter has written, before the browser has drawn anything.
  new MutationObserver((changes) => {
    const symbols = new Set(changes.map(symbolOf));
    const ticks = [...waiting].filter(([symbol]) => symbols.has(symbol)).map(([, tick]) => tick);
    if (!ticks.length) return;
    shown.unseen += waiting.size - ticks.length;
    waiting.clear();
    shown.arrived_ms.push(...ticks.map(({made_ms, arrived_ms}) => arrived_ms - made_ms));
    // A message waits until this frame is drawn, a request for an animation frame until the next one begins.
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      note(ticks, "painted_ms");
      channel.port1.close();
    };
    channel.port2.postMessage(null);
    requestAnimationFrame(() => note(ticks, "left_ms"));
  }).observe(document, {subtree: true, characterData: true});
};
