// Joins the parts: a table and a drawing for each network, and tabs where there are several.
const tabs = [...document.querySelectorAll("[role=tab]")];
const articles = [...document.querySelectorAll(".network")];

function select(number, focus = false) {
  articles.forEach((article, at) => article.toggleAttribute("hidden", at !== number));
  tabs.forEach((tab, at) => {
    tab.setAttribute("aria-selected", String(at === number));
    tab.setAttribute("tabindex", at === number ? "0" : "-1");
  });
  if (focus) tabs[number].focus();
  // What was hidden when it was drawn knows its size only now.
  views[number].table.draw();
  views[number].drawing?.fit();
}

const views = JSON.parse(document.getElementById("rows").textContent).map((data, number) => {
  const table = new LayerTable(articles[number], data, number);
  const section = articles[number].querySelector(".drawing");
  articles[number].querySelectorAll(".find").forEach((button) => {
    button.addEventListener("click", () => table.show(button.dataset.path));
  });
  return { table, drawing: section && new DrawingView(section, table) };
});

function fromAddress() {
  const found = articles.findIndex((article) => `#${article.id}` === location.hash);
  if (found >= 0) select(found);
}

if (tabs.length) {
  select(0);
  fromAddress();
  window.addEventListener("hashchange", fromAddress);
  tabs.forEach((tab, at) => {
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      select(at);
    });
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) select((at + step + tabs.length) % tabs.length, true);
    });
  });
}
