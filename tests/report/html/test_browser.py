"""The page in a headless Chromium, as a reader uses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import archdsl
from archdsl.pipeline.reporting import findings_of, report_on
from archdsl.report.html import to_html
from tests.report.html.browser import Browser
from tests.report.networks import Writer, residual_network
from tests.report.reports import DEVICE, FINDING, report

ROWS = "[...document.querySelectorAll('.network:not([hidden]) tbody tr[data-row]')]"
NAMES = f"{ROWS}.map(r => r.cells[0].title)"
TREE = "document.querySelector('.network:not([hidden]) .tree')"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    started = Browser()
    yield started
    started.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages: `pair` has two small networks, `nasnet` the largest of the zoo, `hostile` a name that is markup."""
    folder = tmp_path_factory.mktemp("pages")
    w = Writer("<img src=x onerror=document.title='ow'+'ned'>", x=(2, 4, 4))
    hostile = w.out(y=w.op("relu", w.graph.inputs["x"], label="<script>document.title='ow'+'ned'</script>"))
    nasnet = archdsl.load("nasnet_large")
    made = {
        "pair": report(residual_network(3), residual_network(5), device=DEVICE, findings=(FINDING,)),
        "nasnet": report_on([nasnet], ["nasnet_large"], findings=[findings_of(nasnet)]),
        "hostile": report(hostile),
    }
    for name, data in made.items():
        (folder / f"{name}.html").write_text(to_html(data), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in made}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("width", "height"), [(390, 844), (1400, 1000)])
@pytest.mark.parametrize("name", ["pair", "nasnet", "hostile"])
def test_it_opens_quietly_and_fits_the_window(browser, pages, name, width, height, dark):
    browser.open(pages[name], width, height, dark)
    assert browser.complaints == []
    assert [url for url in browser.requests if url != "about:blank"] == [pages[name].as_uri()]
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert "owned" not in browser.run("document.title")
    background = browser.run("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(16, 20, 22)") is dark
    assert browser.run(f"{ROWS}.length") > 0


def test_cells_are_closed_until_they_are_opened(browser, pages):
    browser.open(pages["pair"])
    closed = browser.run(NAMES)
    assert closed == ["stem", "relu", "block", "block_2", "block_3", "global_avg_pool2d", "linear"]
    browser.run(f"{TREE}.focus()")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        browser.press(key)
    assert browser.run(NAMES)[2:5] == ["block", "block/conv2d", "block/batch_norm2d"]
    assert browser.run(f"{ROWS}[2].getAttribute('aria-expanded')") == "true"
    browser.press("ArrowRight")
    assert (
        browser.run(f"document.getElementById({TREE}.getAttribute('aria-activedescendant')).cells[0].title")
        == "block/conv2d"
    )
    browser.press("ArrowLeft")
    browser.press("ArrowLeft")
    assert browser.run(NAMES) == closed
    browser.click(".network:not([hidden]) [data-open=all]")
    assert len(browser.run(NAMES)) == 7 + 3 * 6  # a block has six layers
    assert browser.complaints == []


def test_columns_sort_up_down_and_not_at_all(browser, pages):
    browser.open(pages["pair"])
    in_order = browser.run(NAMES)
    heads = f"{TREE}.querySelector('[data-column=params]')"
    params = f"{ROWS}.map(r => r.querySelector('.c-params').textContent)"
    browser.click("[data-column=params] button")
    assert browser.run(f"{heads}.getAttribute('aria-sort')") == "descending"
    falling = browser.run(NAMES)
    assert falling[:3] == ["block", "block_2", "block_3"]
    assert browser.run(params)[0] == "1.18 k"
    browser.click("[data-column=params] button")
    assert browser.run(f"{heads}.getAttribute('aria-sort')") == "ascending"
    assert browser.run(NAMES)[-3:] == ["block", "block_2", "block_3"]
    browser.click("[data-column=params] button")
    assert browser.run(f"{heads}.getAttribute('aria-sort')") == "none"
    assert browser.run(NAMES) == in_order


def test_the_filter_finds_closed_layers(browser, pages):
    browser.open(pages["pair"])
    browser.click(".network:not([hidden]) input[type=search]")
    browser.call("Input.insertText", text="BATCH_norm")
    assert browser.run(NAMES) == ["block/batch_norm2d", "block_2/batch_norm2d", "block_3/batch_norm2d"]
    assert "3 of" in browser.run("document.querySelector('.network:not([hidden]) .status').textContent")


def test_tabs_show_one_network(browser, pages):
    browser.open(pages["pair"])
    shown = "[...document.querySelectorAll('.network:not([hidden])')].map(a => a.id)"
    assert browser.run(shown) == ["network-0"]
    browser.click("#tab-1")
    assert browser.run(shown) == ["network-1"]
    assert "block_5" in browser.run(NAMES)
    browser.press("ArrowLeft")
    assert browser.run(shown) == ["network-0"]
    assert browser.run("document.activeElement.id") == "tab-0"
    browser.open(pages["pair"], fragment="#network-1")
    assert browser.run(shown) == ["network-1"]


def test_the_colour_of_the_drawing_is_the_figure_that_is_chosen(browser, pages):
    browser.open(pages["pair"])
    fill = "getComputedStyle(document.querySelector('.sheet:not([hidden]) [data-path=global_avg_pool2d] rect')).fill"
    assert browser.run(fill) == "rgb(241, 243, 244)"  # no multiply-adds
    browser.click(".heat label:has([value=memory_access])")
    assert browser.run(fill) not in ("rgb(241, 243, 244)", "rgb(220, 241, 224)")
    browser.click(".heat label:has([value=kind])")
    assert browser.run(fill) == "rgb(220, 241, 224)"  # pooling


def test_a_box_and_a_finding_lead_to_their_rows(browser, pages):
    browser.open(pages["pair"])
    active = f"document.getElementById({TREE}.getAttribute('aria-activedescendant')).cells[0].title"
    browser.click(".depth label:nth-of-type(2)")
    browser.click(".sheet:not([hidden]) [data-path='block/add'], .sheet:not([hidden]) [data-path='block/conv2d']")
    assert browser.run(active).startswith("block/")
    browser.click(".find")
    assert browser.run(active) == "stem"


def test_only_rows_in_view_are_in_the_page(browser, pages):
    browser.open(pages["nasnet"])
    browser.click("[data-open=all]")
    assert int(browser.run(f"{TREE}.getAttribute('aria-rowcount')")) > 2000
    assert browser.run(f"{ROWS}.length") < 120
    browser.run(f"{TREE}.focus()")
    browser.press("End")
    assert browser.run(NAMES)[-1] == "logits"
    assert browser.run(f"{ROWS}.at(-1).className") == "layer active"
    assert browser.complaints == []


def test_without_scripts_and_on_paper_it_still_says_what_costs(browser, pages):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(pages["pair"])
        text = browser.run("document.body.innerText")
        assert "needs scripts" in text
        assert browser.run("document.querySelectorAll('.bars tbody tr').length") > 10
        printed = browser.call("Page.printToPDF", printBackground=True)
        assert len(printed["data"]) > 10_000
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
