// A small panel over the page that belongs to a button: opens beside it, closes on Escape or a click elsewhere, and can be
// walked through with the arrow keys.

export class Menu {
  /** `onOpen` fills the panel before it shows. */
  constructor(button, panel, { onOpen = () => {}, align = "end" } = {}) {
    Object.assign(this, { button, panel, onOpen, align });
    panel.popover = "auto";
    button.setAttribute("aria-haspopup", panel.getAttribute("role") === "menu" ? "menu" : "dialog");
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("pointerdown", () => (this.wasOpen = this.isOpen));
    button.addEventListener("click", () => (this.wasOpen ? this.close() : this.open()));
    panel.addEventListener("keydown", (event) => this.#key(event));
    panel.addEventListener("toggle", () => this.#toggled());
  }

  get isOpen() {
    return this.panel.matches(":popover-open");
  }

  open() {
    this.wasOpen = false;
    if (this.isOpen) return;
    this.onOpen();
    this.panel.showPopover();
    this.#place();
    (this.panel.querySelector("[autofocus], [aria-checked=true]") ?? this.#stops()[0])?.focus();
  }

  close() {
    this.wasOpen = false;
    if (!this.isOpen) return;
    this.panel.hidePopover();
    this.button.focus();
  }

  #toggled() {
    this.button.setAttribute("aria-expanded", String(this.isOpen));
  }

  #place() {
    const of = (this.button.checkVisibility() ? this.button : document.body).getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.panel;
    const left = this.align === "end" ? of.right - width : of.left;
    const below = of.bottom + 4 + height <= innerHeight || of.top < height + 8;
    this.panel.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    this.panel.style.top = `${Math.max(8, below ? Math.min(of.bottom + 4, innerHeight - height - 8) : of.top - height - 4)}px`;
  }

  #stops() {
    return [...this.panel.querySelectorAll("button:not([disabled]), input, select, textarea, a[href]")].filter((one) => one.checkVisibility());
  }

  #key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (step && !event.target.matches("select, textarea, input[type=datetime-local], input[type=date]")) {
      event.preventDefault();
      const stops = this.#stops();
      stops[(stops.indexOf(document.activeElement) + step + stops.length) % stops.length]?.focus();
    }
  }
}
