// A small chart of weeks: bars for how often it was asked, lines for what came of it. Drawn as SVG, read from the table beside it.

const NS = "http://www.w3.org/2000/svg";
const HEIGHT = 190;
const LABEL_WIDTH = 56;
const MARGIN = { top: 12, right: 8, bottom: 24, left: 34 };

/** `bars` and each of `lines`' values hold one number a week; `labels` are what stands under them. */
export function chart({ title, width, labels, bars, lines }) {
  const most = ceiling(Math.max(1, ...bars, ...lines.flatMap(({ values }) => values)));
  const svg = node("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": title, class: "chart" });
  const step = (width - MARGIN.left - MARGIN.right) / Math.max(1, labels.length);
  const y = (value) => MARGIN.top + (HEIGHT - MARGIN.top - MARGIN.bottom) * (1 - value / most);
  const x = (index) => MARGIN.left + step * (index + 0.5);

  for (const value of [0, most / 2, most]) {
    svg.append(node("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) }));
    svg.append(text(MARGIN.left - 6, y(value) + 4, String(value), "end"));
  }
  bars.forEach((value, index) => svg.append(node("rect", { class: "bar", x: x(index) - step * 0.34, width: step * 0.68, y: y(value), height: Math.max(0, y(0) - y(value)), rx: 2 })));
  for (const { name, values } of lines) {
    const points = values.map((value, index) => `${x(index)},${y(value)}`).join(" ");
    svg.append(node("polyline", { class: "halo", points }), node("polyline", { class: `line ${name}`, points }));
    values.forEach((value, index) => svg.append(node("circle", { class: `dot ${name}`, cx: x(index), cy: y(value), r: 2.6 })));
  }
  const every = Math.ceil((labels.length * LABEL_WIDTH) / width);
  labels.forEach((label, index) => (labels.length - 1 - index) % every === 0 && svg.append(text(x(index), HEIGHT - 6, label, "middle")));
  return svg;
}

/** The next round even number, so that the middle line has a whole one. */
function ceiling(value) {
  const size = 10 ** Math.floor(Math.log10(value));
  const round = [1, 2, 4, 6, 8, 10].map((one) => one * size).find((one) => one >= value) ?? value;
  return Math.max(2, round);
}

function node(name, attributes) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function text(x, y, words, anchor) {
  const element = node("text", { x, y, "text-anchor": anchor });
  element.textContent = words;
  return element;
}
