"""The page in a real browser, without any network."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrn.ledger import Ledger
from lrn.report import write_report
from lrn.verdicts import SuiteVerdicts
from tests.report.conftest import THREE, suite_of

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def thesis(tmp_path_factory):
    """The report of the committed verdicts, with the sections of the thesis and networks from a small ledger."""
    from claims.thesis.drawn import DRAWN
    from claims.thesis.grid import pair

    folder = tmp_path_factory.mktemp("thesis")
    ledger = Ledger(folder / "ledger")
    for figure in ("4.5", "4.7"):
        ledger.runs(DRAWN[figure].experiment, range(64), trace=True)
    for experiment in pair(5, "adam", 0.1, "batch"):
        ledger.runs(experiment, range(64))
    return write_report(
        SuiteVerdicts.read(ROOT / "reports" / "verdicts.json"), ledger, folder, root=ROOT, suite=ROOT / "claims"
    )


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """The report of another suite."""
    folder = tmp_path_factory.mktemp("small")
    return write_report(suite_of(*THREE), None, folder, root=folder)


@pytest.fixture
def visit(chromium):
    """Opens a page; fails if it asks for the network or says anything on the console."""
    said, pages = [], []

    def open_page(path, fragment="", **options):
        context = chromium.new_context(offline=True, **options)
        context.set_default_timeout(180_000)  # a busy machine is no fault of the page
        pages.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on(
            "request", lambda request: None if request.url.startswith(("file:", "data:")) else said.append(request.url)
        )
        page.goto(f"{path.as_uri()}{fragment}")
        return page

    yield open_page
    for context in pages:
        context.close()
    assert said == []


def shown(page):
    """The claims that can be seen, by their ids in the text, in order."""
    return [element.inner_text() for element in page.locator("#claims tbody:not([hidden]) .id").all()]


def test_the_page_is_one_file_of_less_than_five_megabytes(thesis):
    assert thesis.stat().st_size < 5_000_000


def test_search_and_filters_narrow_the_table(visit, small):
    page = visit(small)
    assert shown(page) == ["X1", "X2", "X4", "X3"]
    page.fill("#search", "DICE")
    assert shown(page) == ["X2"]
    assert page.inner_text("#shown") == "1 of 4 claims"
    page.fill("#search", "")
    page.select_option("#by-verdict", "REFUTED")
    assert shown(page) == ["X2", "X4"]
    page.select_option("#by-group", "suite: two")
    assert shown(page) == ["X4"]
    page.fill("#search", "no such words")
    assert shown(page) == []
    page.click("#reset")
    assert shown(page) == ["X1", "X2", "X4", "X3"]


def test_columns_sort_both_ways(visit, small):
    page = visit(small)
    page.click("button[data-key=seeds]")
    assert shown(page) == ["X4", "X1", "X3", "X2"]
    page.click("button[data-key=seeds]")
    assert shown(page) == ["X2", "X1", "X3", "X4"]
    assert page.get_attribute("th:has(button[data-key=seeds])", "aria-sort") == "descending"
    page.click("button[data-key=verdict]")
    assert shown(page)[0] in ("X2", "X4")


def test_a_claim_opens_by_keyboard_and_by_mouse(visit, small):
    page = visit(small)
    toggle, detail = page.locator(".toggle").first, page.locator(".detail").first
    detail.wait_for(state="hidden")
    toggle.focus()
    page.keyboard.press("Enter")
    detail.wait_for(state="visible")
    assert toggle.get_attribute("aria-expanded") == "true"
    assert "heads it is" in detail.inner_text()
    page.keyboard.press("Space")
    detail.wait_for(state="hidden")
    page.locator("tr.row td").first.click()
    detail.wait_for(state="visible")


def test_all_claims_open_and_close_at_once(visit, small):
    page = visit(small)
    page.click("#open-all")
    assert page.locator(".detail:visible").count() == 4
    page.click("#open-all")
    assert page.locator(".detail:visible").count() == 0


def test_a_link_to_a_claim_opens_it_whatever_is_filtered(visit, small):
    page = visit(small)
    page.fill("#search", "dice")
    page.click("a[href='#claim-suite-test-two-test-exact']")
    page.locator("#claim-suite-test-two-test-exact .detail").wait_for(state="visible")
    page = visit(small, "#claim-suite-test-one-test-spots")
    page.locator("#claim-suite-test-one-test-spots .detail").wait_for(state="visible")


def test_the_theme_can_be_chosen(visit, small):
    page = visit(small, color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.click("#theme")
    page.click("#theme")
    assert page.inner_text("#theme") == "Theme: dark"
    dark = page.evaluate(background)
    assert dark != "rgb(255, 255, 255)"
    page.reload()
    assert page.evaluate(background) == dark


def test_paper_is_white_whatever_the_theme(visit, small):
    page = visit(small, color_scheme="dark")
    page.click("#theme")
    page.click("#theme")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(26, 29, 33)"
    assert not page.locator("#theme").is_visible()


def test_the_verdicts_can_be_read_without_javascript(visit, small):
    page = visit(small, java_script_enabled=False)
    assert page.locator(".detail").first.is_visible()
    assert not page.locator(".tools").is_visible()


@pytest.mark.parametrize("name", ["thesis", "small"])
def test_every_anchor_resolves(visit, name, request):
    page = visit(request.getfixturevalue(name))
    broken = page.evaluate("[...document.links].map(a => a.hash.slice(1)).filter(id => !document.getElementById(id))")
    assert broken == []
    twice = page.evaluate(
        "[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)"
    )
    assert twice == []


@pytest.mark.parametrize("width", [390, 1024, 1600])
def test_the_page_never_scrolls_sideways(visit, thesis, width):
    page = visit(thesis, viewport={"width": width, "height": 900})
    page.click("#open-all")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_fault(visit, thesis, theme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    page = visit(thesis, color_scheme=theme)
    # All rows of the table come from one template: a dozen, opened, stand for the rest.
    page.evaluate("[...document.querySelectorAll('#claims tbody')].slice(12).forEach(claim => claim.remove())")
    page.click("#open-all")
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], "resultTypes": ["violations"]}
    faults = axe.Axe().run(page, options=options).response["violations"]
    serious = {fault["id"]: fault["nodes"][0]["html"] for fault in faults if fault["impact"] in ("serious", "critical")}
    assert serious == {}


def test_the_thesis_has_its_figures(visit, thesis):
    page = visit(thesis)
    headings = page.locator("h3").all_inner_texts()
    for figure in ("4.3", "4.6", "4.9", "4.12", "4.15", "4.18", "4.1", "4.2", "4.5", "4.7"):
        assert any(heading.startswith(f"Figure {figure}:") for heading in headings), figure
    assert page.locator("svg.net").count() == 2
    assert all(page.locator("figure svg[role=img]").nth(i).get_attribute("aria-label") for i in range(4))
