"""The journal's claims run on images of the user's, and with a larger budget; their records reach the report."""

from __future__ import annotations

import fnmatch
import os
import runpy
import shutil
import subprocess
import sys
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest

from claims.journal.networks import BUDGETS
from claims.journal.on_images import RECORDS, Agreement, compared, on_images, settings
from lrn.report import Quantities, write_report
from lrn.verdicts import Outcome, SuiteVerdicts
from tests.report.conftest import suite_of, verdict
from tests.test_images import write_folder, write_mnist

pytest.importorskip("sklearn")

ROOT = Path(__file__).parents[1]
COMMITTED = ROOT / "reports" / "verdicts.json"


# ---- The options ----

ASKED = """
from claims.journal.conftest import cnns
def test_asked(pytestconfig, cnns):
    for population in cnns.pair(8):
        print(population.label, population.data.x.shape)
    print(pytestconfig.option.lrn_verdicts)
"""


def pytest_run(folder, *arguments):
    """What pytest says, run in that folder."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


def populations_shown(tmp_path, *options, workers=0):
    """What pytest's options make of the populations."""
    (tmp_path / "conftest.py").write_text((ROOT / "conftest.py").read_text())
    (tmp_path / "test_asked.py").write_text(ASKED)
    return pytest_run(tmp_path, "-rP", "-n", str(workers), *options, "test_asked.py")


def test_claims_take_mnist_from_a_relative_folder_in_workers_too(tmp_path):
    pixels = np.zeros((20, 28, 28), np.uint8)
    write_mnist(tmp_path / "mnist", packed=True, pixels=pixels, labels=np.arange(20, dtype=np.uint8) % 10)
    out = populations_shown(tmp_path, "--images=mnist", workers=1).stdout
    for kind in ("plain", "residual"):
        assert f"{kind} CNNs of depth 8 on MNIST (20, 1, 28, 28)" in out


def test_claims_take_a_folder_of_images_per_class(tmp_path):
    write_folder(tmp_path / "leaves")
    out = populations_shown(tmp_path, "--images", str(tmp_path / "leaves")).stdout
    for kind in ("plain", "residual"):
        assert f"{kind} CNNs of depth 8 on leaves (6, 3, 32, 32)" in out


def test_larger_budgets_train_more_and_leave_the_record_alone(tmp_path):
    def shown(budget):
        return populations_shown(tmp_path, f"--budget={budget}").stdout

    small, medium, large = map(shown, ("small", "medium", "large"))
    assert "plain CNNs of depth 8 on digits (1797, 1, 8, 8)" in small
    assert "reports/other/verdicts.json" not in small
    assert "plain CNNs of depth 8 on digits, train 1000, test 1000 (" in medium
    assert "plain CNNs of depth 8 on digits, channels (16, 32, 64), train 1024, test 512, epochs 60" in large
    for output in (medium, large):
        assert "reports/other/verdicts.json" in output


def test_every_budget_is_an_option():
    assert set(runpy.run_path(str(ROOT / "conftest.py"))["BUDGETS"]) == set(BUDGETS)


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_make_says_how_to_fetch_images_that_are_missing():
    command = ["make", "journal-images", "DATASETS=nothing-of-the-kind"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "images/nothing-of-the-kind must be a folder of images; `make images` fetches it" in run.stderr
    assert "pip" not in run.stdout, "before anything is set up"


def test_a_folder_of_images_that_is_not_there_is_refused_at_once(tmp_path):
    assert "--images must be a folder; got nowhere" in populations_shown(tmp_path, "--images=nowhere").stderr


# ---- From files to the report ----

CASES = (
    "claims/journal/test_2_gradient_problems.py::test_gradients_vanish_with_depth_in_normalised_networks",
    "claims/journal/test_2_gradient_problems.py::test_the_first_layer_has_the_smaller_gradient",
    "claims/journal/test_6_comparison.py::test_accuracy_of_plain_networks_degrades_with_depth[8-20]",
)


def write_spots(folder):
    """Images of 4x4 pixels in MNIST's files, 300 to train and 300 to test on: the class says which pixel is white."""
    random, labels = np.random.default_rng(0), np.arange(300, dtype=np.uint8) % 10
    for part in ("train", "t10k"):
        pixels = random.integers(0, 60, (300, 4, 4)).astype(np.uint8)
        pixels.reshape(300, 16)[np.arange(300), labels] = 255
        write_mnist(folder, part, packed=True, pixels=pixels, labels=labels)
    return folder


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """A folder of records, the one of Fashion-MNIST made by claims that ran on such images."""
    folder = tmp_path_factory.mktemp("images")
    images, record = write_spots(folder / "fashion-mnist"), folder / "reports" / "fashion-mnist"
    options = ["-n", "0", "--no-ledger", "--first-seeds=16", "--max-seeds=16", "--images", str(images)]
    out = ["-o", "lrn_claims=claims/journal", "--verdicts", str(record / "verdicts.json"), f"--report={record}"]
    done = pytest_run(ROOT, *options, *out, *CASES)
    assert (record / "verdicts.json").is_file(), done.stdout + done.stderr
    return folder / "reports"


def read(reports):
    return SuiteVerdicts.read(reports / "fashion-mnist" / "verdicts.json")


def test_claims_on_such_files_train_on_their_images(reports):
    suite = read(reports)
    assert len(suite.claims) == 5
    measured_quantities = list(Quantities(suite))
    assert measured_quantities
    for measured in measured_quantities:
        assert " on Fashion-MNIST" in measured.quantity.populations[0]
    assert settings(suite).startswith("on Fashion-MNIST; 16 to 16 seeds")
    assert "on Fashion-MNIST" in (reports / "fashion-mnist" / "REPRODUCTION.md").read_text(encoding="utf-8")


def test_reasons_of_known_verdicts_say_that_they_are_the_digits(reports):
    known = [verdict.known for verdict in read(reports).claims if verdict.known]
    assert len(known) == 2  # one by the claim itself, one by a mark of a case
    for reason in known:
        assert reason.startswith("on the 8x8 digits: ")


def test_the_section_shows_the_record_beside_the_digits(reports):
    section = on_images(SuiteVerdicts.read(COMMITTED), reports)
    assert section.title == "What holds on digits and Fashion-MNIST alike, and what does not"
    shown = {Outcome.SUPPORTED: "✓ holds", Outcome.REFUTED: "✗ refuted", Outcome.INCONCLUSIVE: "? undecided"}
    for verdict_there in read(reports).claims:
        id = verdict_there.case.replace("[", "\\[").replace("]", "\\]")
        (row,) = (line for line in section.markdown.splitlines() if line.startswith(f"| {id} |"))
        assert row.split(" | ")[3].startswith(shown[verdict_there.verdict])


# ---- The section ----


def journal(name, outcome):
    return verdict(f"claims/journal/t.py::test_{name}", outcome, id=name)


def agreements(suites):
    """How each claim ends on all of these images together."""
    return [case.agreement(list(suites)) for case in compared(suites)]


def test_claims_are_grouped_by_how_they_end_on_all_images():
    good, bad, open_ = Outcome.SUPPORTED, Outcome.REFUTED, Outcome.INCONCLUSIVE
    one = suite_of(*map(journal, "ABCDE", (good, bad, good, good, good)))
    other = suite_of(*map(journal, "ABCD", (good, bad, bad, open_)))
    assert agreements({"digits": one, "MNIST": other}) == [
        Agreement.HOLDS,
        Agreement.REFUTED,
        Agreement.DIFFERS,
        Agreement.OPEN,
        Agreement.OPEN,  # it was not checked on MNIST
    ]
    third = suite_of(*map(journal, "ABCD", (good, open_, open_, bad)))
    assert agreements({"digits": one, "MNIST": other, "Fashion-MNIST": third})[:3] == [
        Agreement.HOLDS,
        Agreement.OPEN,
        Agreement.DIFFERS,  # on two of them, whatever a third leaves open
    ]


def test_other_documents_and_checks_without_training_are_left_out():
    suite = suite_of(verdict("claims/note/t.py::test_n"), verdict("claims/journal/t.py::test_exact", estimates=()))
    assert compared({"digits": suite}) == []


def test_without_records_there_is_no_section(tmp_path):
    assert on_images(SuiteVerdicts.read(COMMITTED), tmp_path) is None


def test_a_run_on_other_images_is_not_taken_for_that_of_the_digits(reports):
    assert on_images(read(reports), reports) is None


def test_a_damaged_record_is_refused(tmp_path):
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "verdicts.json").write_text("{}")
    with pytest.raises(ValueError, match="verdicts"):
        on_images(SuiteVerdicts.read(COMMITTED), tmp_path)


# ---- The committed records ----


@pytest.mark.parametrize("name", RECORDS)
def test_a_committed_report_is_that_of_its_record(name, tmp_path):
    record = ROOT / "reports" / RECORDS[name]
    if not record.is_file():
        pytest.skip(f"there is no record of {name}; `make journal-images` writes it")
    write_report(record, None, tmp_path, root=ROOT, suite=ROOT / "claims" / "journal")
    committed = record.with_name("REPRODUCTION.md").read_text(encoding="utf-8")
    assert committed == (tmp_path / "REPRODUCTION.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", RECORDS)
def test_a_committed_record_is_of_all_claims_and_of_its_images(name):
    record = ROOT / "reports" / RECORDS[name]
    if not record.is_file():
        pytest.skip(f"there is no record of {name}; `make journal-images` writes it")
    suite, digits = SuiteVerdicts.read(record), SuiteVerdicts.read(COMMITTED)
    assert suite.complete
    tests_of_digits = set(map(attrgetter("test"), digits.claims))
    assert set(map(attrgetter("test"), suite.claims)) == set(fnmatch.filter(tests_of_digits, "claims/journal/*"))
    assert settings(suite).startswith(f"on {name}")
    assert suite.shares <= suite.quantities
    assert {Outcome.ERROR, Outcome.SKIPPED}.isdisjoint(map(attrgetter("verdict"), suite.claims))
