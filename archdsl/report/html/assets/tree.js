// The layers of a network as a tree of cell calls. Rows are numbers: cells first, then layers, then what was folded.
const FIGURES = ["params", "mult_adds", "flops", "memory_access", "bytes", "bound"];

class Tree {
  constructor(data) {
    this.data = data;
    this.firstLayer = data.cells.length;
    this.firstRest = this.firstLayer + data.layers.length;
    this.size = this.firstRest + data.rest.length;
    this.parents = new Int32Array(this.size).fill(-1);
    this.children = data.cells.map(() => []);
    this.open = new Set([0]);
    this.place();
  }

  // Children in the order of the graph: a cell call stands where its first layer does.
  place() {
    const placed = new Set([0]);
    const under = (row, cell) => {
      this.parents[row] = cell;
      this.children[cell].push(row);
    };
    this.data.layers.forEach((layer, number) => {
      const way = [];
      for (let cell = layer[2]; !placed.has(cell); cell = this.data.cells[cell][2]) {
        placed.add(cell);
        way.push(cell);
      }
      for (const cell of way.reverse()) under(cell, this.data.cells[cell][2]);
      under(this.firstLayer + number, layer[2]);
    });
    this.data.cells.forEach((cell, number) => {
      if (!placed.has(number) && cell[2] >= 0) under(number, cell[2]);
    });
    this.data.rest.forEach((rest, number) => under(this.firstRest + number, rest[0]));
  }

  isCell(row) {
    return row < this.firstLayer;
  }

  isRest(row) {
    return row >= this.firstRest;
  }

  label(row) {
    if (this.isRest(row)) return `${this.data.rest[row - this.firstRest][1].toLocaleString("en")} further layers`;
    const source = this.isCell(row) ? this.data.cells[row] : this.data.layers[row - this.firstLayer];
    return this.data.texts[source[0]];
  }

  operator(row) {
    if (this.isRest(row)) return "";
    const source = this.isCell(row) ? this.data.cells[row] : this.data.layers[row - this.firstLayer];
    return this.data.texts[source[1]];
  }

  shape(row) {
    if (this.isRest(row)) return "";
    if (!this.isCell(row)) return this.data.texts[this.data.layers[row - this.firstLayer][3]];
    const layers = this.data.cells[row][3];
    return `${layers.toLocaleString("en")} layer${layers === 1 ? "" : "s"}`;
  }

  figure(row, name) {
    if (name === "intensity") {
      const bytes = this.figure(row, "bytes");
      return bytes ? this.figure(row, "flops") / bytes : 0;
    }
    const place = FIGURES.indexOf(name);
    if (this.isCell(row)) return this.data.cells[row][4 + place];
    if (this.isRest(row)) return this.data.rest[row - this.firstRest][2 + place];
    return this.data.figures[this.data.layers[row - this.firstLayer][4]][place];
  }

  path(row) {
    const parts = [];
    for (let at = row; at > 0; at = this.parents[at]) {
      const label = this.label(at);
      if (label) parts.unshift(label);
    }
    return parts.join("/");
  }

  // The row with this path; a cell before a layer within it.
  find(path) {
    for (let row = 1; row < this.size; row += 1) if (this.path(row) === path) return row;
    return -1;
  }

  level(row) {
    let level = 0;
    for (let at = this.parents[row]; at >= 0; at = this.parents[at]) level += 1;
    return level;
  }

  reveal(row) {
    for (let at = this.parents[row]; at >= 0; at = this.parents[at]) this.open.add(at);
  }

  // The rows to show: the open part of the tree, or everything that the filter finds, sorted.
  rows(filter, sort) {
    const compare = sort && this.comparison(sort);
    if (filter) {
      const found = [];
      for (let row = 1; row < this.size; row += 1) if (this.matches(row, filter)) found.push(row);
      return compare ? found.sort(compare) : found;
    }
    const shown = [];
    const stack = [0];
    while (stack.length) {
      const row = stack.pop();
      if (row) shown.push(row);
      if (!this.isCell(row) || !this.open.has(row)) continue;
      const children = compare ? [...this.children[row]].sort(compare) : this.children[row];
      for (let i = children.length - 1; i >= 0; i -= 1) stack.push(children[i]);
    }
    return shown;
  }

  matches(row, filter) {
    return `${this.path(row)} ${this.operator(row)} ${this.shape(row)}`.toLowerCase().includes(filter);
  }

  comparison({ column, descending }) {
    const sign = descending ? -1 : 1;
    const text = { name: "label", op: "operator", shape: "shape" }[column];
    const by = text
      ? (a, b) => this[text](a).localeCompare(this[text](b), "en", { numeric: true })
      : (a, b) => this.figure(a, column) - this.figure(b, column);
    return (a, b) => sign * by(a, b) || a - b;
  }
}

