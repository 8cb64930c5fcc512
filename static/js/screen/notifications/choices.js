// @ts-check
/**
 * Desktop notifications and a sound, by wish of the person. Off until somebody asks for them; each browser asks once
 * whether it may show notifications.
 * Must not know the network. Several tabs hear of the same notification: the desktop shows it once, because of its
 * tag, and only the first tab that notes its id plays the sound.
 */

import {keep, recall, remember} from "../../dom.js";

/** @typedef {import("../../wire/frames.js").Notice} Notice */

const DESKTOP = "notices.desktop";
const SOUND = "notices.sound";
const HEARD = "notices.heard";
/** What is pushed to this browser is shown without a page, and must not be shown twice. */
export const PUSHED = "notices.pushed";
const ON = "1";
const TONE_HZ = 660;
const TONE_S = 0.25;
const LOUDNESS = 0.15;

/** Tell of new notifications as the person wishes. @param {readonly Notice[]} news */
export function tell(news) {
  if (!news.length) return;
  const isWanted = recall(DESKTOP) === ON && recall(PUSHED) !== ON;
  if (isWanted && document.hidden && isAllowed()) for (const notice of news) showOnDesktop(notice);
  const newest = Math.max(...news.map(({id}) => id));
  if (recall(SOUND) === ON && Number(recall(HEARD)) < newest) {
    remember(HEARD, String(newest));
    play();
  }
}

/** Let two boxes show and change the wishes; `note` says what the browser refuses. @param {{desktop: HTMLInputElement, sound: HTMLInputElement, note: HTMLElement}} parts */
export function bindChoices({desktop, sound, note}) {
  desktop.checked = recall(DESKTOP) === ON && isAllowed();
  sound.checked = recall(SOUND) === ON;
  desktop.addEventListener("change", () => void chooseDesktop());
  sound.addEventListener("change", () => {
    keep(SOUND, sound.checked ? ON : null);
    if (sound.checked) play();
  });

  async function chooseDesktop() {
    if (desktop.checked) desktop.checked = await ask();
    keep(DESKTOP, desktop.checked ? ON : null);
  }

  /** Ask the browser, and say so when it refuses. */
  async function ask() {
    const isGiven = "Notification" in window && (await Notification.requestPermission()) === "granted";
    note.textContent = isGiven ? "" : "This browser does not let this page show notifications. Its settings can change that.";
    return isGiven;
  }
}

function isAllowed() {
  return "Notification" in window && Notification.permission === "granted";
}

/** @param {Notice} notice */
function showOnDesktop({id, title, body}) {
  const shown = new Notification(title, {body, tag: `notice-${id}`});
  shown.addEventListener("click", () => {
    window.focus();
    shown.close();
  });
}

/** Play a short tone. A browser may refuse that until the page was clicked; then it stays silent. */
function play() {
  const audio = new AudioContext();
  const tone = new OscillatorNode(audio, {frequency: TONE_HZ});
  const volume = new GainNode(audio, {gain: LOUDNESS});
  volume.gain.linearRampToValueAtTime(0, audio.currentTime + TONE_S);
  tone.connect(volume).connect(audio.destination);
  tone.addEventListener("ended", () => void audio.close());
  tone.start();
  tone.stop(audio.currentTime + TONE_S);
}
