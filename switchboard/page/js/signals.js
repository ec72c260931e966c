// Telling others that something changed. What owns a state extends this; what shows it listens.

export class Signals {
  #listeners = new Map();

  /** Calls `listener` on each of the named events; returns the function that stops it. */
  on(names, listener) {
    const list = names.split(" ");
    for (const name of list) {
      if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
      this.#listeners.get(name).add(listener);
    }
    return () => list.forEach((name) => this.#listeners.get(name).delete(listener));
  }

  emit(name, detail) {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        listener(detail);
      } catch (error) {
        // One broken view must not keep the others from hearing of a waiting customer.
        console.error(`While showing "${name}":`, error);
      }
    }
  }
}
