// @ts-check
/**
 * Shades every second trading day behind the bars, and draws a line where a day begins.
 * Drawn by the chart library, which calls it for each picture.
 */

/** @typedef {import("./days.js").DaySpan} DaySpan */
/** @typedef {{context: CanvasRenderingContext2D, bitmapSize: {width: number, height: number}, horizontalPixelRatio: number}} Canvas */
/** @typedef {{useBitmapCoordinateSpace(draw: (canvas: Canvas) => void): void}} Target */

export class SessionBands {
  #timeScale;
  /** @type {readonly DaySpan[]} */
  #spans = [];
  #fill = "";
  #stroke = "";
  #views = [{zOrder: () => "bottom", renderer: () => ({draw: (/** @type {Target} */ target) => this.#draw(target)})}];

  /** @param {import("./library.js").TimeScale} timeScale */
  constructor(timeScale) {
    this.#timeScale = timeScale;
  }

  /** @param {readonly DaySpan[]} spans */
  show(spans) {
    this.#spans = spans;
  }

  /** @param {{fill: string, stroke: string}} colours */
  paintWith({fill, stroke}) {
    this.#fill = fill;
    this.#stroke = stroke;
  }

  /** Return what the library draws. */
  paneViews() {
    return this.#views;
  }

  /** @param {Target} target */
  #draw(target) {
    target.useBitmapCoordinateSpace((canvas) => {
      this.#spans.forEach((span, index) => this.#drawDay(canvas, span, index % 2 === 1));
    });
  }

  /** @param {Canvas} canvas @param {DaySpan} span @param {boolean} isShaded */
  #drawDay({context, bitmapSize, horizontalPixelRatio}, {from, to}, isShaded) {
    const [first, second, last] = [from, from + 1, to].map((index) => this.#timeScale.logicalToCoordinate(index) ?? 0);
    // The library says where the middle of a bar is: a day begins half a bar before that.
    const half = ((second ?? 0) - (first ?? 0)) / 2;
    const x = Math.round(((first ?? 0) - half) * horizontalPixelRatio);
    const end = Math.round(((last ?? 0) + half) * horizontalPixelRatio);
    context.fillStyle = this.#fill;
    if (isShaded) context.fillRect(x, 0, end - x, bitmapSize.height);
    context.fillStyle = this.#stroke;
    if (from > 0) context.fillRect(x, 0, Math.max(1, Math.floor(horizontalPixelRatio)), bitmapSize.height);
  }
}
