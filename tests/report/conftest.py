"""Verdicts to report on, and a browser to read the page with."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import pytest

from lrn.report import write_report
from lrn.verdicts import MeasuredQuantity, Outcome, Quantity, SuiteVerdicts, Verdict

ROOT = Path(__file__).parents[2]
HEADS = Quantity("rate", "heads", ("a coin",))
SPOTS = Quantity("mean", "spots", ("a die",))
RATE = MeasuredQuantity("k1", HEADS.name, 0.25, 0.125, 0.5, 256, 256, (0.5,), 1, HEADS)
MEAN = MeasuredQuantity("k2", SPOTS.name, 3.5, 3.25, 3.75, 512, 1024, (3.0,), 1, SPOTS)


def verdict(test, outcome=Outcome.SUPPORTED, **fields):
    """A verdict that ended as expected, unless the fields say otherwise."""
    known = "because" if outcome is not Outcome.SUPPORTED else None
    values = {
        "id": "X1", "test": test, "statement": "Coins land on heads", "source": "paper §1", "quote": "heads it is",
        "reading": "literal", "verdict": outcome, "expected": outcome, "known": known, "reason": "0.25 < 0.5",
        "looks": 2, "estimates": (RATE,), "seeds_needed": None,
    }  # fmt: skip
    return Verdict(**{**values, **fields})


THREE = (
    verdict("suite/test_one.py::test_heads[1]"),
    verdict("suite/test_one.py::test_heads[2]", estimates=(dataclasses.replace(RATE, key="k3", point=0.375),)),
    verdict("suite/test_one.py::test_spots", Outcome.REFUTED, id="X2", statement="Dice have spots", estimates=(MEAN,)),
    verdict("suite/test_two.py::test_open", Outcome.INCONCLUSIVE, id="X3", seeds_needed=4096.0),
    verdict("suite/test_two.py::test_exact", Outcome.REFUTED, id="X4", estimates=(), quote="one / two"),
)


def suite_of(*verdicts, **settings):
    values = {
        "alpha": 0.001, "quantities": 64, "seed_offset": 0, "first_seeds": 8, "max_seeds": 1024, "complete": True,
    }  # fmt: skip
    return SuiteVerdicts.of(verdicts, **{**values, **settings})


CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def chromium():
    """A browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
    if CHROMIUM is None or not Path(CHROMIUM).exists():
        pytest.skip("the browser tests need chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


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
