// The tab's icon with the number of waiting customers on it, drawn here.

const SIZE = 64;

export class Favicon {
  #shown = "";
  #link = document.querySelector('link[rel="icon"]');

  show(waiting, hasUnread) {
    const badge = waiting > 99 ? "99" : waiting ? String(waiting) : hasUnread ? "•" : "";
    if (badge === this.#shown) return;
    this.#shown = badge;
    const canvas = document.createElement("canvas");
    canvas.width = SIZE;
    canvas.height = SIZE;
    const pen = canvas.getContext("2d");
    drawMark(pen);
    if (badge) drawBadge(pen, badge, waiting ? "#d92d20" : "#0b6675");
    this.#link.type = "image/png";
    this.#link.href = canvas.toDataURL("image/png");
    this.#link.dataset.badge = badge;
  }
}

function drawMark(pen) {
  pen.fillStyle = "#0b6675";
  pen.beginPath();
  pen.roundRect(2, 2, 60, 60, 15);
  pen.fill();
  pen.fillStyle = pen.strokeStyle = "#fff";
  for (const [x, y] of [[20, 20], [44, 20], [20, 44], [44, 44]]) {
    pen.beginPath();
    pen.arc(x, y, 5.5, 0, 2 * Math.PI);
    pen.fill();
  }
  pen.lineWidth = 4.5;
  pen.beginPath();
  pen.moveTo(20, 20);
  pen.bezierCurveTo(20, 36, 44, 28, 44, 44);
  pen.stroke();
}

function drawBadge(pen, text, colour) {
  const width = text.length > 1 ? 46 : 36;
  pen.fillStyle = "#fff";
  pen.beginPath();
  pen.roundRect(SIZE - width - 2, SIZE - 40, width + 2, 40, 20);
  pen.fill();
  pen.fillStyle = colour;
  pen.beginPath();
  pen.roundRect(SIZE - width, SIZE - 37, width - 1, 36, 18);
  pen.fill();
  pen.fillStyle = "#fff";
  pen.font = "bold 30px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(text, SIZE - width / 2, SIZE - 18);
}
