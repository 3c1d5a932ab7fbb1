// The drawing: which figure is its colour, how many cells are open, how large it is.
const SMALLEST_TEXT = 0.55;

class DrawingView {
  constructor(section, table) {
    this.section = section;
    this.canvas = section.querySelector(".canvas");
    this.zoom = 0;
    section.querySelectorAll(".heat input").forEach((input) => {
      input.addEventListener("change", () => section.setAttribute("data-heat", input.value));
      if (input.checked) section.setAttribute("data-heat", input.value);
    });
    section.querySelectorAll(".depth input").forEach((input) => {
      input.addEventListener("change", () => this.open(input.value));
      if (input.checked) this.open(input.value);
    });
    section.querySelectorAll("[data-zoom]").forEach((button) => {
      button.addEventListener("click", () => this.zoomBy({ in: 1.25, out: 0.8, fit: 0 }[button.dataset.zoom]));
    });
    this.canvas.addEventListener("click", (event) => {
      const box = event.target.closest(".box");
      if (box) table.show(box.dataset.path);
    });
    window.addEventListener("resize", () => this.fit());
    this.fit();
  }

  open(depth) {
    this.section.querySelectorAll(".sheet").forEach((sheet) => {
      sheet.toggleAttribute("hidden", sheet.dataset.depth !== depth);
    });
    this.fit();
  }

  zoomBy(factor) {
    this.zoom = factor ? (this.zoom || this.scale) * factor : 0;
    this.fit();
  }

  // As wide as there is room, but never so small that nothing can be read, unless that is asked for.
  fit() {
    const svg = this.section.querySelector(".sheet:not([hidden]) svg");
    if (!svg || !this.canvas.clientWidth) return;
    const { width, height } = svg.viewBox.baseVal;
    const room = Math.min(1, this.canvas.clientWidth / width);
    this.scale = Math.min(4, Math.max(0.05, this.zoom || Math.max(room, SMALLEST_TEXT)));
    svg.style.width = `${width * this.scale}px`;
    svg.style.height = `${height * this.scale}px`;
    this.canvas.scrollLeft = Math.max(0, (width * this.scale - this.canvas.clientWidth) / 2);
  }
}

