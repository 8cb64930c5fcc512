/** Runs in a frame of a test: a chart library that was loaded once stays loaded, so each frame has scripts of its own. */

import {openInstrument} from "/static/js/screen/chart/panel.js";

globalThis.openInstrument = openInstrument;
