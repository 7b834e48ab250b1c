"""The thesis's page in a real browser: its figures can be read, and a reader finds answers in few steps."""

from __future__ import annotations

import re
from operator import attrgetter

import pytest

from claims.companions import FIGURES

pytestmark = pytest.mark.browser


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
