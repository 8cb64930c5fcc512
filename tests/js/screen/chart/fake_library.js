/** A chart library that draws nothing. It notes what it was given, and says of the view what the test says. */

export function fakeLibrary() {
  const world = {
    /** What is on the chart now, in order; those that were taken away; and all marks that were set. */
    series: [], removed: [], marks: [],
    options: {}, applied: [], view: null, views: [], hears: {},
  };
  const priceScale = () => ({applyOptions: (options) => world.applied.push(options)});
  const addSeries = (kind, options) => {
    const series = {
      kind, options: {...options}, points: [], draws: [], lines: [], primitives: [],
      setData: (points) => {
        series.points = [...points];
        series.draws.push(`all ${points.length}`);
      },
      update: (point) => {
        if (series.points.at(-1)?.time === point.time) series.points.pop();
        series.points.push(point);
        series.draws.push(`one ${point.time}`);
      },
      applyOptions: (more) => Object.assign(series.options, more),
      createPriceLine: (line) => {
        series.lines.push(line);
        return line;
      },
      removePriceLine: (line) => series.lines.splice(series.lines.indexOf(line), 1),
      attachPrimitive: (primitive) => series.primitives.push(primitive),
      priceScale, coordinateToPrice: (y) => 100 - y, priceToCoordinate: (price) => 100 - price,
    };
    world.series.push(series);
    return series;
  };
  const see = (range) => {
    world.view = range;
    world.hears.view();
  };
  const timeScale = {
    height: () => 30, logicalToCoordinate: (index) => 10 * index, getVisibleLogicalRange: () => world.view,
    setVisibleLogicalRange: (range) => {
      world.views.push(range);
      see(range);
    },
    subscribeVisibleLogicalRangeChange: (hear) => { world.hears.view = hear; },
  };
  const chart = {
    addSeries, timeScale: () => timeScale,
    removeSeries: (series) => world.removed.push(...world.series.splice(world.series.indexOf(series), 1)),
    applyOptions: (options) => world.applied.push(options),
    subscribeCrosshairMove: (hear) => { world.hears.point = hear; }, subscribeClick: (hear) => { world.hears.click = hear; },
    takeScreenshot: () => document.createElement("canvas"),
  };
  const library = {
    CandlestickSeries: "candles", LineSeries: "line", AreaSeries: "area", HistogramSeries: "volume",
    createChart: (_, options) => {
      world.options = options;
      return chart;
    },
    createSeriesMarkers: (series) => ({setMarkers: (marks) => {
      series.marks = marks;
      world.marks.push(marks);
    }}),
  };
  /** The series of the prices is the last that was made. */
  return Object.assign(world, {library, see, prices: () => world.series.at(-1), volume: () => world.series[0], line: (name) => world.series[1 + ["vwap", "fast", "slow"].indexOf(name)]});
}
