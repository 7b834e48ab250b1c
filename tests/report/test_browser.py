"""The page in a real browser, without any network."""

from __future__ import annotations

import re
from operator import attrgetter
from pathlib import Path

import pytest

from claims.companions import FIGURES
from lrn.report import write_report
from lrn.verdicts import SuiteVerdicts
from tests.report.conftest import THREE, suite_of

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def thesis(tmp_path_factory):
    """The report of the committed verdicts, with the sections of the thesis."""
    folder = tmp_path_factory.mktemp("thesis")
    suite = SuiteVerdicts.read(ROOT / "reports" / "verdicts.json")
    return write_report(suite, None, folder, root=ROOT, suite=ROOT / "claims")


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """The report of another suite."""
    folder = tmp_path_factory.mktemp("small")
    return write_report(suite_of(*THREE), None, folder, root=folder)


@pytest.fixture
def visit(chromium):
    """Opens a page; fails if it asks for the network or says anything on the console."""
    complaints, pages = [], []

    def check_address(request):
        if not request.url.startswith(("file:", "data:")):
            complaints.append(request.url)

    def open_page(path, fragment="", **options):
        context = chromium.new_context(offline=True, **options)
        context.set_default_timeout(180_000)  # a busy machine is no fault of the page
        pages.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", check_address)
        page.goto(f"{path.as_uri()}{fragment}")
        return page

    yield open_page
    for context in pages:
        context.close()
    assert complaints == []


def shown(page):
    """The claims that can be seen when all chapters are open, by their ids in the text, in order."""
    page.evaluate("document.querySelectorAll('.chapter').forEach(chapter => { chapter.open = true; })")
    return page.locator("#numbers .claim:visible .id").all_inner_texts()


def open_cases(page):
    """The claims that are open."""
    return page.locator(".claim[open] .body:visible").count()


def test_the_page_is_one_file_of_less_than_three_megabytes(thesis):
    assert thesis.stat().st_size < 3_000_000


def test_search_and_filters_narrow_the_claims_and_stand_in_the_address(visit, small):
    page = visit(small)
    assert shown(page) == ["X1", "X2", "X4", "X3"]
    page.fill("#search", "DICE")
    assert shown(page) == ["X2"]
    assert page.inner_text("#shown") == "1 of 4 claims"
    assert page.evaluate("location.hash") == "#verdicts?search=DICE"
    page.fill("#search", "")
    page.select_option("#by-verdict", "REFUTED")
    assert shown(page) == ["X2", "X4"]
    page.select_option("#by-group", "suite: two")
    assert shown(page) == ["X4"]
    page.fill("#search", "no such words")
    assert shown(page) == []
    page.click("#reset")
    assert shown(page) == ["X1", "X2", "X4", "X3"]
    assert page.evaluate("location.hash") == "#verdicts"


def test_an_address_with_filters_opens_so(visit, small):
    page = visit(small, "#verdicts?verdict=REFUTED&part=suite%3A+two&search=coins")
    assert shown(page) == ["X4"]
    assert page.input_value("#search") == "coins"


def test_claims_can_be_put_in_another_order_and_back(visit, small):
    page = visit(small)
    page.select_option("#order", "seeds")
    assert shown(page)[0] == "X2"
    assert shown(page)[-1] == "X4"
    page.select_option("#order", "verdict")
    assert set(shown(page)[:2]) == {"X2", "X4"}
    page.select_option("#order", "")
    assert shown(page) == ["X1", "X2", "X4", "X3"]


def test_a_claim_opens_by_keyboard_and_by_mouse(visit, small):
    page = visit(small, "#X1")
    page.evaluate("document.getElementById('X1').open = false")
    summary, body = page.locator("#X1 > summary"), page.locator("#X1 > .body")
    body.wait_for(state="hidden")
    summary.focus()
    page.keyboard.press("Enter")
    body.wait_for(state="visible")
    assert "heads it is" in body.inner_text()
    page.keyboard.press("Space")
    body.wait_for(state="hidden")
    summary.click()
    body.wait_for(state="visible")


def test_all_claims_open_and_close_at_once(visit, small):
    page = visit(small)
    page.click("#open-all")
    assert open_cases(page) == 4
    page.click("#open-all")
    assert open_cases(page) == 0


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("address", ["X1", "X1/2", "X4"])
def test_an_address_shows_the_claim_and_the_case(visit, small, address, javascript):
    page = visit(small, f"#{address}", java_script_enabled=javascript)
    target = page.locator(f"[id='{address}']")
    assert target.is_visible()
    assert page.locator(f"[id='{address.partition('/')[0]}'] .body").is_visible() or not javascript


def test_an_address_shows_a_claim_whatever_is_filtered(visit, small):
    page = visit(small)
    page.fill("#search", "dice")
    page.evaluate("location.hash = '#X4'")
    page.locator("#X4 .body").wait_for(state="visible")


def test_the_command_beside_a_number_can_be_copied(visit, small):
    page = visit(small, "#X1/2", permissions=["clipboard-read", "clipboard-write"])
    page.locator("[id='X1/2'] .copy").click()
    page.locator("[id='X1/2'] .copy:text('Copied')").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "pytest 'suite/test_one.py::test_heads[2]'"


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


@pytest.mark.parametrize("name", ["thesis", "small"])
def test_every_statement_is_visible_without_javascript(visit, name, request):
    page = visit(request.getfixturevalue(name), java_script_enabled=False)
    for selector in (".claim .statement", ".card .quote"):
        every = page.locator(selector)
        visible = page.locator(f"{selector}:visible")
        assert visible.count() == every.count()
    assert page.locator(".claim .statement").count() > 3
    assert not page.locator("#filters, .copy, #theme").locator("visible=true").count()


def test_all_is_open_on_paper_and_folded_again_after(visit, small):
    page = visit(small)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open]):not(.menu)").count() == 0
    assert open_cases(page) == 4
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".chapter[open], .claim[open]").count() == 0


def test_paper_has_colours_and_no_buttons(visit, thesis):
    page = visit(thesis)
    page.emulate_media(media="print")
    background = "getComputedStyle(document.querySelector('.bar .s-holds')).backgroundColor"
    assert page.evaluate(background) == "rgb(11, 107, 92)"
    assert page.evaluate("getComputedStyle(document.querySelector('.bar .b')).printColorAdjust") == "exact"
    assert page.locator(".copy:visible, #filters:visible, .top:visible").count() == 0


@pytest.mark.parametrize("name", ["thesis", "small"])
def test_every_anchor_resolves(visit, name, request):
    page = visit(request.getfixturevalue(name))
    links = page.evaluate("[...document.links].map(a => [a.getAttribute('href'), a.hash.slice(1)])")
    ids = set(page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)"))
    outside = ("numbers.csv", "numbers.json", "https://")
    for href, id in links:
        assert id in ids or href.startswith(outside), href
    twice = page.evaluate(
        "[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)"
    )
    assert twice == []


@pytest.mark.parametrize("width", [390, 1024, 1600])
def test_the_page_never_scrolls_sideways(visit, thesis, width):
    page = visit(thesis, viewport={"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details:not(.menu)').forEach(details => { details.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [390, 1024, 1600])
def test_the_head_that_stays_takes_one_line(visit, thesis, width):
    page = visit(thesis, viewport={"width": width, "height": 900})
    assert page.locator(".top").bounding_box()["height"] <= 56


def test_on_a_phone_nothing_hides_sideways_without_a_sign(visit, thesis):
    page = visit(thesis, viewport={"width": 390, "height": 844})
    page.evaluate("document.querySelectorAll('details:not(.menu)').forEach(details => { details.open = true; })")
    cut = page.evaluate("""[...document.querySelectorAll('main *')].filter(element => {
        if (element.closest('svg, .hidden')) return false;
        const style = getComputedStyle(element);
        const hides = element.scrollWidth > element.clientWidth + 1 && style.overflowX !== 'visible';
        return hides && !element.matches('.scroll') && element.clientWidth > 0 && !element.matches('input, select');
    }).map(element => element.outerHTML.slice(0, 120))""")
    assert cut == []
    # What scrolls has a shadow where it goes on, and can be reached by keyboard.
    assert page.evaluate("[...document.querySelectorAll('.scroll')].every(s => s.tabIndex === 0)")
    assert "linear-gradient" in page.evaluate("getComputedStyle(document.querySelector('.scroll')).backgroundImage")


def test_on_a_phone_the_forest_plot_uses_the_whole_width(visit, thesis):
    page = visit(thesis, viewport={"width": 390, "height": 844})
    widths = page.evaluate("""[...document.querySelectorAll('.forest-table tr:not(.group) > *')]
        .filter(cell => cell.offsetWidth).map(cell => cell.offsetWidth)""")
    assert len(widths) > 80
    assert min(widths) > 340


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_serious_fault(visit, thesis, theme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    page = visit(thesis, color_scheme=theme)
    # All claims come from one template, and all cards from another: a few, opened, stand for the rest.
    page.evaluate("""document.querySelectorAll('.chapter.claims').forEach((c, i) => i > 1 ? c.remove() : 0);
        document.querySelectorAll('.card').forEach((c, i) => i > 25 ? c.remove() : 0);
        document.querySelectorAll('details').forEach(details => { details.open = true; })""")
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], "resultTypes": ["violations"]}
    faults = axe.Axe().run(page, options=options).response["violations"]
    for fault in faults:
        assert fault["impact"] not in ("serious", "critical"), (fault["id"], fault["nodes"][0]["html"])


def test_the_thesis_has_its_figures(visit, thesis):
    page = visit(thesis)
    headings = "\n".join(page.locator("h3").all_text_contents())
    for figure in ("4.3", "4.6", "4.9", "4.12", "4.15", "4.18", "4.1", "4.2", "4.4", "4.20"):
        assert re.search(rf"^Figure {re.escape(figure)}:", headings, re.MULTILINE), figure
    assert page.locator("svg.net").count() == 6
    for index in range(4):
        assert page.locator("figure svg[role=img]").nth(index).get_attribute("aria-label")


@pytest.mark.parametrize("width", [390, 1024])
def test_no_text_of_a_figure_is_cut_or_lies_on_another(visit, thesis, width):
    page = visit(thesis, viewport={"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details:not(.menu)').forEach(details => { details.open = true; })")
    faults = page.evaluate("""[...document.querySelectorAll('main svg')].flatMap(svg => {
        const frame = svg.getBoundingClientRect();
        const texts = [...svg.querySelectorAll('text')].map(t => [t.textContent.trim(), t.getBoundingClientRect()]);
        const cut = texts.filter(([, b]) => b.left < frame.left - 1 || b.right > frame.right + 1);
        const over = texts.filter(([one, a], i) => texts.slice(i + 1).some(([other, b]) =>
            Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
            Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.4 * Math.min(a.height, b.height)));
        return [...cut, ...over].map(([text]) => `${svg.getAttribute('aria-label')}: ${text}`);
    })""")
    assert faults == []
    assert page.locator("main svg text").count() > 200


def test_every_figure_has_a_title_that_says_what_was_found(visit, thesis):
    page = visit(thesis)
    titles = page.evaluate("""[...document.querySelectorAll('figure svg[role=img]:not(.net, .step)')].map(svg =>
        [...svg.querySelectorAll('text')].filter(t => getComputedStyle(t).fontWeight >= 600).map(t => t.textContent)
    )""")
    assert len(titles) > 20
    topics = {"Dead layers", "Thesis", "Converged", "All networks", *map(attrgetter("title"), FIGURES)}
    for titles_of_figure in titles:
        assert len(titles_of_figure) == 1, titles_of_figure
        assert titles_of_figure[0].strip() not in topics


def test_a_reader_finds_at_once_whether_the_thesis_holds_up(visit, thesis):
    for width, height in ((1024, 768), (390, 844)):
        page = visit(thesis, viewport={"width": width, "height": height})
        box = page.locator("#judgement").bounding_box()
        assert box["y"] + box["height"] < height
        assert re.match(r"The thesis (largely )?holds up|The thesis does not hold up", page.inner_text("#judgement"))
        bar = page.locator(".bar").first.bounding_box()
        assert bar["y"] + bar["height"] < height


def test_a_reader_judges_the_fairness_of_a_verdict_within_two_clicks(visit, thesis):
    page = visit(thesis)
    page.locator(".legend-list a:has-text('overstated')").click()
    card = page.locator(".card.e-overstated").first
    assert card.is_visible()
    assert len(card.locator(".quote").inner_text().split()) > 8
    assert card.locator(".reading:visible").count() >= 1
    card.locator(".lines a").first.click()
    row = page.locator(":target")
    assert row.is_visible()
    assert "seeds" in row.inner_text()


def test_a_reader_gets_a_number_again_within_two_clicks(visit, thesis):
    page = visit(thesis, permissions=["clipboard-read", "clipboard-write"])
    page.locator(".findings .cite").first.click()
    page.locator(":target .copy").first.click()
    page.locator(":target .copy:text('Copied')").wait_for()
    command = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r"pytest '?claims/\S+\.py::\w+(\[[^\]]+\]')?", command)


def test_every_number_that_a_summary_quotes_is_the_number_at_its_link(visit, thesis):
    page = visit(thesis)
    wrong = page.evaluate(r"""[...document.querySelectorAll('.cite')].filter(link => {
        const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
        const bare = (text) => text.replace(/\s+/g, ' ');
        const number = bare(link.textContent).replace(/ (%|points)$/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
        const stands = new RegExp('(^|[^0-9.,])' + number + '($|[^0-9.])');
        return !target || !stands.test(bare(target.textContent));
    }).map(link => link.outerHTML)""")
    assert wrong == []
    assert page.locator(".findings .cite").count() >= 12
    assert page.locator(".forest-table .cite").count() >= 15


def test_no_number_is_written_for_machines(visit, thesis):
    page = visit(thesis)
    text = page.evaluate("""(() => { const copy = document.querySelector('main').cloneNode(true);
        copy.querySelectorAll('code, .reason').forEach(e => e.remove()); return copy.textContent; })()""")
    assert re.findall(r"[^\w.-](?:nan|inf)\b|\b\d(?:\.\d+)?e[-+]\d+", text) == []


def test_quotations_show_no_marks(visit, thesis):
    page = visit(thesis)
    quotes = page.evaluate("[...document.querySelectorAll('.quote, blockquote')].map(quote => quote.textContent)")
    for quote in quotes:
        assert not re.search(r"\*\w|\w\*|\$|\\[a-z]", quote)
