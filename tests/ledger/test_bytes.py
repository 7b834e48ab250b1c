"""Whatever happens to the bytes of a file, no number comes out of it that was not put in."""

from __future__ import annotations

import io
import itertools
import warnings
from operator import attrgetter

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from counting import COLUMNS
from hypothesis import given, settings
from hypothesis import strategies as st

from lrn import Experiment, Ledger
from lrn.experiment.runs import Runs
from lrn.ledger import LedgerWarning
from lrn.ledger.blocks import RunsForm
from lrn.ledger.samples import Samples

SEEDS = range(64)
EXPERIMENT = Experiment(depth=3, epochs=300)

DAMAGE = st.one_of(
    st.tuples(st.just("flip"), st.floats(0, 1), st.integers(1, 255)),
    st.tuples(st.just("overwrite"), st.floats(0, 1), st.binary(min_size=1, max_size=64)),
    st.tuples(st.just("zero"), st.floats(0, 1), st.sampled_from([16, 512, 4096])),
    st.tuples(st.just("insert"), st.floats(0, 1), st.binary(min_size=1, max_size=16)),
    st.tuples(st.just("delete"), st.floats(0, 1), st.integers(1, 64)),
    st.tuples(st.just("cut"), st.floats(0, 1), st.none()),
    # Where Parquet keeps what is where: the last bytes, which no checksum covers.
    st.tuples(st.just("footer"), st.floats(0, 1), st.integers(1, 255)),
)


def damaged(sound, kind, where, how):
    raw = bytearray(sound)
    at = min(int(where * len(raw)), len(raw) - 1)
    if kind == "footer":
        at = len(raw) - 1 - int(where * int.from_bytes(raw[-8:-4], "little"))
    match kind:
        case "flip" | "footer":
            raw[at] ^= how
        case "overwrite":
            raw[at : at + len(how)] = how[: len(raw) - at]
        case "zero":
            raw[at : at + how] = bytes(len(raw[at : at + how]))
        case "insert":
            raw[at:at] = how
        case "delete":
            del raw[at : at + how]
        case "cut":
            del raw[at:]
    return bytes(raw)


def observed(seeds):
    u = np.random.Generator(np.random.Philox(key=seeds.start)).random(len(seeds))
    # One bit is between the names b and c.
    return {"b": u, "c": 1 - u, "heads": u < 0.5, "single": u.astype(np.float32), "seed": np.arange(len(seeds))}


def same_bytes(ours, theirs):
    """Whether two columns have the same type and bytes, or both are missing."""
    if ours is None or theirs is None:
        return ours is theirs
    return ours.dtype == theirs.dtype and ours.tobytes() == theirs.tobytes()


class Block:
    """A ledger's block: its original values, and those read from its file."""

    def __init__(self, folder):
        self.ledger = Ledger(folder)
        self.put = self.ledger.runs(EXPERIMENT, SEEDS)
        self.path = self.ledger.folder / EXPERIMENT.key / "0-64.parquet"

    def read(self):
        """The remembered runs; None if the file is ignored."""
        return Ledger(self.ledger.root).remembered(EXPERIMENT, SEEDS)

    def equal(self, remembered):
        columns = attrgetter(*COLUMNS)
        return all(map(same_bytes, columns(remembered), columns(self.put)))


class Drawn:
    """A block of samples, likewise."""

    def __init__(self, folder):
        self.folder = folder
        self.put = Samples(folder).sample("coin", "1", observed, range(32), block=32)
        self.path = Samples(folder).folder("coin", "1") / "0-32.parquet"

    def read(self):
        drawn = []
        columns = Samples(self.folder).sample(
            "coin", "1", lambda seeds: drawn.append(seeds) or observed(seeds), range(32), block=32
        )
        return None if drawn else columns

    def equal(self, columns):
        return list(columns) == list(self.put) and all(map(same_bytes, columns.values(), self.put.values()))


@pytest.fixture(scope="module", params=[Block, Drawn])
def block(request, tmp_path_factory):
    made = request.param(tmp_path_factory.mktemp("ledger"))
    return made, made.path.read_bytes()


def read(block, raw):
    """Whether the damage was found; it was harmless if not."""
    made = block[0]
    for aside in made.path.parent.glob("*.damaged-*"):
        aside.unlink()
    made.path.write_bytes(raw)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        content = made.read()
    assert [warning.category for warning in caught] == [LedgerWarning] * (content is None)
    assert content is None or made.equal(content), "another number than was put in"
    return content is None


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(damage=DAMAGE)
def test_damage_is_found_or_harmless(block, damage):
    read(block, damaged(block[1], *damage))


def test_no_column_passes_for_another(tmp_path):
    made = Drawn(tmp_path)
    sound = made.path.read_bytes()
    footer = len(sound) - 8 - int.from_bytes(sound[-8:-4], "little")
    detected = 0
    for at in range(footer, len(sound)):
        if sound[at : at + 1] == b"c":
            detected += read((made, sound), sound[:at] + b"b" + sound[at + 1 :])
    assert detected >= 2, "where the schema names the column, and where its chunk does"


def test_other_values_need_another_checksum(tmp_path):
    """Those of Parquet's pages are right here, and so is the schema."""
    made = Drawn(tmp_path)
    table = pq.read_table(made.path)
    column = table.column_names.index("b")
    other = table.set_column(column, table.schema.field(column), pc.negate(table["b"]))
    assert other.schema.metadata == table.schema.metadata
    forged = io.BytesIO()
    pq.write_table(other, forged, write_page_checksum=True)
    assert read((made, None), forged.getvalue())


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(raw=st.binary(max_size=200), magic=st.booleans())
def test_arbitrary_bytes_are_not_a_block(block, raw, magic):
    assert read(block, b"PAR1" + raw + b"PAR1" if magic else raw)


@pytest.mark.slow
def test_each_flipped_bit_is_found_or_harmless(block, record_property):
    sound = block[1]
    detected = 0
    for at, bit in itertools.product(range(len(sound)), range(8)):
        detected += read(block, sound[:at] + bytes([sound[at] ^ 1 << bit]) + sound[at + 1 :])
    what = f"flipped bits of a file of {type(block[0]).__name__} ({len(sound)} bytes)"
    record_property("counted", [f"{what}: found", detected])
    record_property("counted", [f"{what}: harmless", 8 * len(sound) - detected])
    assert detected > 4 * len(sound)


@pytest.mark.parametrize("trace", [False, True])
@pytest.mark.parametrize(
    "experiment",
    [Experiment(width=2, depth=1), Experiment(width=32, depth=30), Experiment(width=100, depth=20, dtype="float64")],
)
def test_no_block_that_is_written_is_too_large_to_be_read(experiment, trace, tmp_path, monkeypatch):
    """However little its numbers compress."""
    rows, random = 2048, np.random.default_rng(0)
    numbers = lambda *shape: random.random((rows, *shape)).astype(experiment.dtype)  # noqa: E731
    runs = Runs(
        experiment,
        np.arange(rows, dtype=np.uint64),
        rmse=numbers(),
        rmse_initial=numbers(),
        converged_at=random.integers(-1, 3000, rows).astype(np.int32),
        dead=random.random((rows, experiment.depth, experiment.width)) < 0.5,
        prediction=numbers(experiment.data.t.size),
        trace=numbers(experiment.epochs) if trace else None,
    )
    form, path = RunsForm(experiment, None, trace), tmp_path / f"0-{rows}.parquet"
    path.write_bytes(form.encode(runs))
    read = []
    monkeypatch.setattr(RunsForm, "_parse", lambda self, table, seeds: read.append(table.num_rows) or runs)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        form.read(path, range(rows))
    assert read == [rows]
