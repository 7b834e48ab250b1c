"""The page in a real browser, without any network."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


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
