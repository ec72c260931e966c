// Three sounds made here, so that none has to be loaded: a bell for a waiting customer, a chime for a colleague, a tap for a message.
import { Signals } from "/page/static/js/signals.js";

export class Sounds extends Signals {
  #context = null;

  constructor() {
    super();
    // Browsers let a page sound only after somebody touched it.
    for (const event of ["pointerdown", "keydown"]) addEventListener(event, () => this.wake(), { capture: true, passive: true });
  }

  /** True when the browser holds our sounds back until the agent touches the page. */
  get isBlocked() {
    return this.#context?.state !== "running" && this.wasHeldBack;
  }

  wasHeldBack = false;

  async wake() {
    if (!("AudioContext" in window)) return;
    this.#context ??= new AudioContext();
    if (this.#context.state === "running") return;
    await this.#context.resume().catch(() => {});
    if (this.#context.state === "running" && this.wasHeldBack) {
      this.wasHeldBack = false;
      this.emit("change");
    }
  }

  bell() {
    this.#play([[659.3, 0, 0.5, 0.16], [880, 0.16, 0.8, 0.16]]);
  }

  chime() {
    this.#play([[784, 0, 0.22, 0.09], [1046.5, 0.1, 0.35, 0.09]]);
  }

  tap() {
    this.#play([[587.3, 0, 0.18, 0.07]]);
  }

  #play(notes) {
    if (this.#context?.state !== "running") {
      if (!this.wasHeldBack) {
        this.wasHeldBack = true;
        this.emit("change");
      }
      return;
    }
    const now = this.#context.currentTime + 0.02;
    for (const [pitch, start, length, loudness] of notes) this.#note(pitch, now + start, length, loudness);
  }

  #note(pitch, at, length, loudness) {
    const tone = this.#context.createOscillator();
    const volume = this.#context.createGain();
    tone.type = "triangle";
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(loudness, at + 0.015);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + length);
    tone.connect(volume).connect(this.#context.destination);
    tone.start(at);
    tone.stop(at + length + 0.05);
  }
}
