// The layer table: a tree grid of which only the rows in view are in the page.
const COLUMNS = [
  ["name", "Layer"],
  ["op", "Operator or cell"],
  ["shape", "Output"],
  ["params", "Params"],
  ["mult_adds", "Mult-adds"],
  ["flops", "Operations"],
  ["memory_access", "Mem. access"],
  ["intensity", "Ops/byte"],
  ["bound", "Time"],
];
const ROW = 36;
const SPARE = 12;
const DEEPEST = 8;
const BAR = 94; // percent of a cell's width: bars of neighbours don't touch

function element(name, attributes = {}, text = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

class LayerTable {
  constructor(article, data, number) {
    this.tree = new Tree(data);
    this.prefix = `row-${number}-`;
    this.sort = null;
    this.filter = "";
    this.active = -1;
    this.section = article.querySelector(".layers");
    this.holder = this.section.querySelector(".grid-holder");
    this.status = this.section.querySelector(".status");
    this.timed = this.tree.figure(0, "bound") > 0;
    this.build();
    this.listen();
    this.section.querySelectorAll(".needs-script").forEach((part) => part.removeAttribute("hidden"));
    this.update();
  }

  get columns() {
    return this.timed ? COLUMNS : COLUMNS.slice(0, -1);
  }

  build() {
    this.grid = element("table", { role: "treegrid", class: "tree", tabindex: "0", "aria-label": "Layers" });
    const line = element("tr", { role: "row" });
    for (const [key, fixed] of this.columns) {
      const title = key === "bound" ? this.tree.data.time : fixed;
      const text = ["name", "op", "shape"].includes(key) ? " text" : "";
      const head = element("th", { scope: "col", class: `c-${key}${text}`, "aria-sort": "none", "data-column": key });
      head.append(element("button", { type: "button" }, title));
      line.append(head);
    }
    const top = element("thead");
    top.append(line);
    this.body = element("tbody");
    this.grid.append(top, this.body);
    this.holder.append(this.grid);
  }

  listen() {
    this.grid.querySelectorAll("thead th").forEach((head) => {
      head.firstChild.addEventListener("click", () => this.sortBy(head.dataset.column));
    });
    this.holder.addEventListener("scroll", () => this.draw(), { passive: true });
    this.grid.addEventListener("keydown", (event) => event.target === this.grid && this.key(event));
    this.body.addEventListener("click", (event) => {
      const line = event.target.closest("tr[data-row]");
      if (line) this.activate(Number(line.dataset.row), true);
    });
    this.section.querySelector("input").addEventListener("input", (event) => this.filterBy(event.target.value));
    this.section.querySelectorAll("[data-open]").forEach((button) => {
      button.addEventListener("click", () => this.openAll(button.dataset.open === "all"));
    });
    window.addEventListener("resize", () => this.draw());
  }

  // What is shown has changed.
  update() {
    this.shown = this.tree.rows(this.filter, this.sort);
    if (!this.shown.includes(this.active)) this.active = this.shown.length ? this.shown[0] : -1;
    this.longest = this.largest();
    this.grid.setAttribute("aria-rowcount", String(this.shown.length + 1));
    const all = this.tree.size - 1;
    const count = (number) => number.toLocaleString("en");
    this.status.textContent = this.filter
      ? `${count(this.shown.length)} of ${count(all)} rows match`
      : `${count(this.shown.length)} of ${count(all)} rows`;
    this.draw();
  }

  // For each figure the largest among the single layers and closed cells: what bars are drawn to.
  largest() {
    const found = {};
    for (const [key] of this.columns.slice(3)) found[key] = 1;
    for (const row of this.shown) {
      if (this.tree.isRest(row) || (!this.filter && this.tree.isCell(row) && this.tree.open.has(row))) continue;
      for (const key of Object.keys(found)) found[key] = Math.max(found[key], this.tree.figure(row, key));
    }
    return found;
  }

  draw() {
    const first = Math.max(0, Math.floor(this.holder.scrollTop / ROW) - SPARE);
    const last = Math.min(this.shown.length, first + Math.ceil(this.holder.clientHeight / ROW) + 2 * SPARE);
    const lines = [this.spacer(first)];
    for (let at = first; at < last; at += 1) lines.push(this.line(this.shown[at], at));
    lines.push(this.spacer(this.shown.length - last));
    this.body.replaceChildren(...lines);
    if (this.active >= 0) this.grid.setAttribute("aria-activedescendant", this.prefix + this.active);
  }

  spacer(rows) {
    const line = element("tr", { class: "spacer", "aria-hidden": "true" });
    const cell = element("td");  // no colspan: columns that are hidden on phones would come back
    cell.style.height = `${rows * ROW}px`;
    line.append(cell);
    return line;
  }

  line(row, at) {
    const tree = this.tree;
    const cell = tree.isCell(row);
    const level = this.filter ? 1 : tree.level(row);
    const line = element("tr", {
      role: "row",
      id: this.prefix + row,
      "data-row": String(row),
      class: `${cell ? "cell" : "layer"}${row === this.active ? " active" : ""}`,
      "aria-level": String(level),
      "aria-rowindex": String(at + 2),
    });
    if (cell && !this.filter) line.setAttribute("aria-expanded", String(tree.open.has(row)));
    for (const [key] of this.columns) line.append(this.cell(row, key, level));
    return line;
  }

  cell(row, key, level) {
    const tree = this.tree;
    if (key === "name") {
      const path = tree.path(row);
      const made = element("td", { role: "gridcell", class: "c-name text", title: path });
      made.style.paddingLeft = `${10 + 16 * Math.min(level - 1, DEEPEST)}px`;
      const sign = tree.isCell(row) && !this.filter ? (tree.open.has(row) ? "▾" : "▸") : "";
      made.append(element("span", { class: "twisty", "aria-hidden": "true" }, sign));
      made.append(this.filter ? path : tree.label(row));
      return made;
    }
    if (key === "op" || key === "shape") {
      const text = key === "op" ? tree.operator(row) : tree.shape(row);
      return element("td", { role: "gridcell", class: `c-${key} text`, title: text }, text);
    }
    const value = tree.figure(row, key);
    if (key === "intensity") return element("td", { role: "gridcell", class: "c-intensity" }, value ? value.toFixed(2) : "–");
    const text = key === "bound" ? seconds(value) : value ? human(value) : "–";
    const made = element("td", { role: "gridcell", class: `c-${key} meter ${key}` }, text);
    const part = value / (tree.figure(0, key) || 1);
    made.title = `${(100 * part).toFixed(2)} % of the network`;
    made.style.backgroundSize = `${Math.min(BAR, (BAR * value) / this.longest[key])}% 70%`;
    return made;
  }

  // First click: the most expensive first (texts: A to Z); then the other way round; then the order of the graph.
  sortBy(column) {
    const firstWay = !["name", "op", "shape"].includes(column);
    if (!this.sort || this.sort.column !== column) this.sort = { column, descending: firstWay };
    else if (this.sort.descending === firstWay) this.sort = { column, descending: !firstWay };
    else this.sort = null;
    this.grid.querySelectorAll("thead th").forEach((head) => {
      const mine = this.sort && head.dataset.column === column;
      head.setAttribute("aria-sort", mine ? (this.sort.descending ? "descending" : "ascending") : "none");
    });
    this.update();
  }

  filterBy(text) {
    this.filter = text.trim().toLowerCase();
    this.holder.scrollTop = 0;
    this.update();
  }

  openAll(open) {
    this.tree.open = new Set(open ? this.tree.children.keys() : [0]);
    this.update();
  }

  toggle(row, open) {
    if (!this.tree.isCell(row) || this.filter) return;
    if (open) this.tree.open.add(row);
    else this.tree.open.delete(row);
    this.update();
  }

  activate(row, byPointer = false) {
    this.active = row;
    if (byPointer && this.tree.isCell(row)) this.toggle(row, !this.tree.open.has(row));
    else this.draw();
  }

  // Make a row visible, wherever it is in the tree.
  show(path) {
    const row = this.tree.find(path);
    if (row < 0) return;
    this.filter = "";
    this.section.querySelector("input").value = "";
    this.tree.reveal(row);
    this.active = row;
    this.update();
    this.section.scrollIntoView({ block: "start" });
    this.scrollTo(this.shown.indexOf(row), true);
    this.grid.focus({ preventScroll: true });
  }

  scrollTo(at, middle = false) {
    const top = at * ROW;
    const height = this.holder.clientHeight - 2 * ROW;
    if (middle) this.holder.scrollTop = top - height / 2;
    else if (top < this.holder.scrollTop) this.holder.scrollTop = top;
    else if (top > this.holder.scrollTop + height) this.holder.scrollTop = top - height;
    this.draw();
  }

  move(at) {
    const place = Math.max(0, Math.min(this.shown.length - 1, at));
    this.active = this.shown[place];
    this.scrollTo(place);
  }

  key(event) {
    const row = this.active;
    const at = this.shown.indexOf(row);
    const page = Math.max(1, Math.floor(this.holder.clientHeight / ROW) - 2);
    const open = this.tree.isCell(row) && this.tree.open.has(row) && !this.filter;
    const actions = {
      ArrowDown: () => this.move(at + 1),
      ArrowUp: () => this.move(at - 1),
      PageDown: () => this.move(at + page),
      PageUp: () => this.move(at - page),
      Home: () => this.move(0),
      End: () => this.move(this.shown.length - 1),
      ArrowRight: () => (open ? this.move(at + 1) : this.toggle(row, true)),
      ArrowLeft: () => (open ? this.toggle(row, false) : this.move(this.shown.indexOf(this.tree.parents[row]))),
      Enter: () => this.toggle(row, !open),
      " ": () => this.toggle(row, !open),
    };
    const action = actions[event.key];
    if (!action || at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  }
}

