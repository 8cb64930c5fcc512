// @ts-check
/**
 * Loads the chart library when the first chart opens, and has the types of what is used of it. The library is a script,
 * not a module, and leaves its functions in a global name.
 */

/** @typedef {Record<string, unknown>} Options */
/** @typedef {{time: number} & Record<string, unknown>} Point */
/** @typedef {{applyOptions(options: Options): void}} PriceScale */
/** @typedef {{applyOptions(options: Options): void}} PriceLine */
/**
 * @typedef {{
 *   setData(points: Point[]): void, update(point: Point): void, applyOptions(options: Options): void,
 *   createPriceLine(options: Options): PriceLine, removePriceLine(line: PriceLine): void,
 *   attachPrimitive(primitive: object): void, priceScale(): PriceScale,
 *   coordinateToPrice(y: number): number | null, priceToCoordinate(price: number): number | null,
 * }} Series
 * @typedef {{
 *   fitContent(): void, scrollToRealTime(): void, logicalToCoordinate(logical: number): number | null, height(): number,
 *   setVisibleLogicalRange(range: {from: number, to: number}): void, applyOptions(options: Options): void,
 *   getVisibleLogicalRange(): {from: number, to: number} | null, subscribeVisibleLogicalRangeChange(hear: () => void): void,
 * }} TimeScale
 * `logical`: the index of a bar; undefined where the pointer is beside the chart.
 * @typedef {{logical?: number, point?: {x: number, y: number}}} PointerPlace
 * @typedef {{
 *   addSeries(kind: unknown, options?: Options, pane?: number): Series, removeSeries(series: Series): void,
 *   applyOptions(options: Options): void, timeScale(): TimeScale, remove(): void,
 *   subscribeCrosshairMove(hear: (place: PointerPlace) => void): void,
 *   subscribeClick(hear: (place: PointerPlace) => void): void, takeScreenshot(): HTMLCanvasElement,
 * }} Chart
 * @typedef {{setMarkers(markers: Point[]): void}} Markers
 * @typedef {{
 *   createChart(element: HTMLElement, options: Options): Chart, createSeriesMarkers(series: Series, markers: Point[]): Markers,
 *   CandlestickSeries: unknown, LineSeries: unknown, AreaSeries: unknown, HistogramSeries: unknown,
 * }} Library
 */

/** @type {Promise<Library> | null} */
let loading = null;

/**
 * Return the library. Only the first of several calls loads it, unless that failed.
 * @param {string} url
 * @returns {Promise<Library>}
 * @throws {Error} it could not be loaded
 */
export function loadLibrary(url) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.addEventListener("load", () => {
      const {LightweightCharts} = /** @type {{LightweightCharts?: Library}} */ (globalThis);
      if (LightweightCharts) resolve(LightweightCharts);
      else reject(new Error("chart library has no functions"));
    });
    script.addEventListener("error", () => {
      loading = null;
      script.remove();
      reject(new Error("chart library could not be loaded"));
    });
    script.src = url;
    document.head.append(script);
  });
  return loading;
}
