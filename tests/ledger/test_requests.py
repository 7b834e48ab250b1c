"""Looking into the ledger, and requests that it refuses."""

from __future__ import annotations

import dataclasses
import itertools
import os

import pytest
from counting import OTHER, TINY

from lrn import Ledger


def test_table_has_one_row_per_network(ledger):
    ledger.runs(TINY, range(6))
    ledger.runs(TINY, range(6), trace=True)
    ledger.runs(OTHER, range(2, 5))
    table = ledger.table()
    assert table.num_rows == 9
    assert set(dataclasses.asdict(TINY)) <= set(table.column_names)
    assert sorted(zip(table["connection"].to_pylist(), table["seed"].to_pylist(), strict=True)) == [
        *itertools.product(["late"], range(6)),
        *itertools.product(["plain"], range(2, 5)),
    ]
    alone, runs = ledger.table(TINY), ledger.runs(TINY, range(6))
    for name in ("rmse", "rmse_initial", "converged", "converged_at", "dead_neurons", "dead_layers"):
        assert alone[name].to_pylist() == getattr(runs, name).tolist()


def test_table_of_nothing_is_empty(ledger):
    assert ledger.table().num_rows == 0
    ledger.runs(TINY, range(3))
    assert ledger.table(OTHER).num_rows == 0


def test_frame_is_the_table(ledger):
    pytest.importorskip("pandas")
    ledger.runs(TINY, range(4))
    frame = ledger.frame()
    assert frame.shape == (4, len(ledger.table().column_names))
    assert frame["rmse"].tolist() == ledger.runs(TINY, range(4)).rmse.tolist()


@pytest.mark.parametrize(
    ("experiment", "seeds", "error", "message"),
    [
        (TINY, [0, 1], TypeError, r"seeds must be a range; got \[0, 1\]"),
        (TINY, 4, TypeError, "seeds must be a range; got 4"),
        (TINY, range(0), ValueError, r"seeds must be a range of step 1 .* got range\(0, 0\)"),
        (TINY, range(0, 8, 2), ValueError, r"got range\(0, 8, 2\)"),
        (TINY, range(8, 0, -1), ValueError, r"got range\(8, 0, -1\)"),
        (TINY, range(-1, 3), ValueError, r"got range\(-1, 3\)"),
        (TINY, range(2**64 - 1, 2**64 + 1), ValueError, "got range"),
        ("late", range(3), TypeError, "the ledger needs an Experiment; got str"),
    ],
)
@pytest.mark.parametrize("remembers", [True, False])
def test_bad_requests_are_refused(tmp_path, experiment, seeds, error, message, remembers):
    with pytest.raises(error, match=message):
        Ledger(tmp_path if remembers else None).runs(experiment, seeds)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "gpu"}, "engine must be one of auto, native, cuda, reference; got 'gpu'"),
        ({"device": "abacus"}, "device must be one that torch can use here; got 'abacus'"),
        ({"threads": 0}, "threads must be a whole number from 1 to 1,024, or None; got 0"),
    ],
)
def test_bad_engines_are_refused_at_once(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        Ledger(tmp_path, **options)


def test_a_file_is_not_a_ledger(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(NotADirectoryError, match=r"the ledger must be a folder; .*file is a file"):
        Ledger(path)
    with pytest.raises(NotADirectoryError, match="the ledger cannot be written to"):
        Ledger(path / "below").runs(TINY, range(2))


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs users")
def test_a_folder_that_must_not_be_written_is_one_clear_error(tmp_path):
    ledger = Ledger(tmp_path)
    tmp_path.chmod(0o500)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)  # nobody; root may write everywhere
    try:
        with pytest.raises(PermissionError, match=r"the ledger cannot be (written to|read) \(Permission denied\)"):
            ledger.runs(TINY, range(2))
    finally:
        if root:
            os.seteuid(0)
        tmp_path.chmod(0o700)
