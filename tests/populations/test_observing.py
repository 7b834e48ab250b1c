"""Seeds of functions run once, each is kept as soon as it is finished, and nothing that happens loses them."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from lrn.claims import population
from lrn.claims._contract import MeasurementError, NoMoreSeeds
from lrn.claims._populations import Draw, RecentSamples, available, columns
from lrn.claims._progress import Progress, Step
from lrn.claims._work import Work


def made(observed, value=lambda seed: seed / 2, **options):
    @population(version="1", **options)
    def one(seed):
        observed.append(seed)
        return {"x": value(seed)}

    return one()


def test_cheap_seeds_run_here_and_share_files(tmp_path):
    observed = []
    for n in (8, 10, 100):
        columns(Draw(tmp_path), made(observed), ["x"], range(n))
    assert observed == list(range(100))
    assert len(list(tmp_path.rglob("*.parquet"))) <= 6
    assert len(list(tmp_path.rglob("*.lock"))) <= 3


def test_failures_are_kept_as_data_where_they_may_happen(tmp_path):
    observed = []
    for _ in range(2):
        fails = made(observed, lambda seed: 1 / (seed - 3), failed="count")
        (failed,) = columns(Draw(tmp_path), fails, ["failed"], range(8))
        assert np.flatnonzero(failed).tolist() == [3]
    assert observed == list(range(8))


def test_without_a_ledger_a_failing_seed_does_not_lose_its_neighbours():
    observed = []
    draw = Draw(None)
    one = made(observed, lambda seed: 1 / (seed - 3))
    for _ in range(2):
        with pytest.raises(MeasurementError, match=r"one\(\) failed for seed 3: ZeroDivisionError"):
            columns(draw, one, ["x"], range(8))
    assert observed == [0, 1, 2, 3], "it stops there, and the session remembers that"


def test_one_seed_of_an_expensive_function_runs_twice():
    observed = []

    @population
    def one(seed):
        observed.append(seed)
        return {"x": seed / 2}

    samples = RecentSamples(Draw(None, workers=1))
    samples._sampler.cost("one()").add(1000, 60_000)
    for n in range(8, 30):
        columns(samples, one(), ["x"], range(n))
    assert sorted(observed) == sorted([*range(29), 7])


def test_an_unseeded_function_is_found():
    @population
    def one(seed):
        return {"x": np.random.default_rng().random()}

    with pytest.raises(MeasurementError, match=r"one\(\) does not depend on its seeds alone: x of seed"):
        columns(RecentSamples(Draw(None)), one(), ["x"], range(8))


def test_a_full_disk_says_how_much_is_kept_and_more_room_is_all_it_takes(tmp_path, monkeypatch):
    import lrn.ledger.sample_files as module

    observed, room, written = [], [3], module.replace

    def replace(path, data):
        if path.suffix == ".parquet":
            if not room[0]:
                raise OSError(28, "No space left on device", str(path))
            room[0] -= 1
        written(path, data)

    monkeypatch.setattr(module, "replace", replace)
    monkeypatch.setattr("lrn.claims._work._FLUSH", 0)
    with pytest.raises(OSError, match=r"No space left on device; 3 seeds of one\(\) are kept"):
        columns(Draw(tmp_path), made(observed), ["x"], range(8))
    room[0] = 100
    assert len(columns(Draw(tmp_path), made(observed), ["x"], range(8))[0]) == 8
    assert sorted(observed) == [0, 1, 2, 3, 3, *range(4, 8)], "only what found no room runs again"


# ---- code that has changed ----


def edition(version, factor):
    @population(version=version)
    def one(seed):
        return {"x": float(factor * seed)}

    return one()


def test_changed_code_is_trained_again_and_says_what_changed(tmp_path):
    lines = []
    columns(Draw(tmp_path), edition("1", 1), ["x"], range(8))
    (x,) = columns(Draw(tmp_path, say=lines.append), edition("2", 2), ["x"], range(8))
    assert x.tolist() == list(range(0, 16, 2))
    (line,) = lines
    assert line.startswith("one(): version has changed since 8 of its seeds were trained")
    assert line.endswith("they are trained again as far as they are needed (--stale=use keeps them)")
    assert columns(Draw(tmp_path, say=lines.append), edition("1", 1), ["x"], range(8))[0].tolist() == list(range(8))
    assert len(lines) == 1, "the code before is known as well"


def test_results_of_earlier_code_may_be_used(tmp_path):
    columns(Draw(tmp_path), edition("1", 1), ["x"], range(8))
    samples = RecentSamples(Draw(tmp_path, stale="use"))
    (x,) = columns(samples, edition("2", 1), ["x"], range(10))
    assert x.tolist() == list(range(10))
    (note,) = samples.notes
    assert "version has changed since 8 of its seeds were trained" in note
    assert "those are used all the same (--stale=use)" in note


def test_results_of_earlier_code_may_be_refused(tmp_path):
    columns(Draw(tmp_path), edition("1", 1), ["x"], range(8))
    with pytest.raises(MeasurementError, match=r"has changed since 8 of its seeds were trained.*--stale=retrain"):
        columns(Draw(tmp_path, stale="fail"), edition("2", 2), ["x"], range(8))


# ---- nothing may run, or not any more ----


def test_frozen_judges_what_there_is_and_trains_nothing(tmp_path):
    observed = []
    columns(Draw(tmp_path), made(observed), ["x"], range(13))
    samples = RecentSamples(Draw(tmp_path, frozen=True))
    seeds, why = available(samples, made(observed), range(40))
    assert seeds == range(13)
    assert why == "nothing is trained (--frozen), and only 13 seeds of one() are known"
    assert available(samples, made(observed), range(13)) == (range(13), "")
    assert np.array_equal(columns(samples, made(observed), ["x"], range(13))[0], np.arange(13) / 2)
    with pytest.raises(NoMoreSeeds, match=r"nothing is trained \(--frozen\), and seed 13 of one\(\) is not known"):
        columns(samples, made(observed), ["x"], range(16))
    assert observed == list(range(13))


def test_after_the_hours_allowed_nothing_starts_and_all_that_is_known_counts(tmp_path):
    observed = []
    columns(Draw(tmp_path), made(observed), ["x"], range(4))
    draw = Draw(tmp_path, deadline=time.monotonic() - 1)
    assert available(draw, made(observed), range(8))[0] == range(4)
    with pytest.raises(NoMoreSeeds, match=r"the hours allowed are over, and seed 4 of one\(\) is not known"):
        columns(draw, made(observed), ["x"], range(8))
    assert observed == list(range(4))


def test_time_that_runs_out_on_the_way_keeps_what_was_finished(tmp_path, monkeypatch):
    observed = []
    monkeypatch.setattr("lrn.claims._work.time.monotonic", lambda: float(len(observed)))
    with pytest.raises(NoMoreSeeds, match=r"seed 5 of one\(\) is not known"):
        columns(Draw(tmp_path, deadline=5), made(observed), ["x"], range(8))
    monkeypatch.undo()
    assert available(Draw(tmp_path, frozen=True), made(observed), range(8))[0] == range(5)


def test_no_seed_starts_that_would_end_after_the_hours(tmp_path):
    @population
    def observed(seed):
        return {"x": 0.5}

    progress = Progress(None, "observed()", 0, 10, at_once=2, per_seed=10.0)
    with Work(observed(), None, {}, progress, time.monotonic() + 25, None) as work:
        assert list(work.claimed(range(10), wait=None)) == [0, 1, 2, 3], "two at once, ten seconds each"
        assert work.late == list(range(4, 10))
        assert list(work.claimed(range(10, 12), wait=None)) == [], "once time is over, it is over"
    # A session judges what is known, although its last minutes have not passed.
    columns(Draw(tmp_path), observed(), ["x"], range(3))
    (note,) = tmp_path.rglob("population.json")
    note.write_text(json.dumps(json.loads(note.read_text()) | {"seconds": 100.0}))
    draw = Draw(tmp_path, deadline=time.monotonic() + 50)
    with pytest.raises(NoMoreSeeds, match="hours allowed"):
        columns(draw, observed(), ["x"], range(8))
    assert available(draw, observed(), range(8))[0] == range(3)


def test_a_class_that_would_sample_beyond_the_hours_is_not_asked(tmp_path):
    class Pop:
        label = "pop"

        def sample(self, seeds):
            return {"x": np.zeros(len(seeds))}

    draw = Draw(tmp_path, deadline=time.monotonic() + 50)
    draw.cost("pop").add(1, 10.0)
    columns(draw, Pop(), ["x"], range(2))
    with pytest.raises(NoMoreSeeds, match="hours allowed"):
        columns(draw, Pop(), ["x"], range(40))


def test_the_time_noted_of_a_seed_is_not_that_of_a_slow_first_one(tmp_path):
    @population
    def observed(seed):
        time.sleep(0.06 if seed else 0.6)  # as with an import
        return {"x": seed}

    columns(Draw(tmp_path, workers=1), observed(), ["x"], range(5))
    assert 0.06 <= Draw(tmp_path).seconds_per_seed(observed()) < 0.3


def test_classes_with_and_without_a_version_may_be_frozen_too(tmp_path):
    class Pop:
        label, version, seeds_per_block = "p", "1", 4

        def sample(self, seeds):
            return {"x": [0.5] * len(seeds)}

    columns(Draw(tmp_path), Pop(), ["x"], range(8))
    assert available(Draw(tmp_path, frozen=True), Pop(), range(20))[0] == range(8)
    Pop.version = None
    assert available(Draw(tmp_path, frozen=True), Pop(), range(20))[0] == range(0)
    with pytest.raises(NoMoreSeeds):
        columns(Draw(tmp_path, frozen=True), Pop(), ["x"], range(8))


# ---- progress ----


def test_long_work_tells_how_far_it_is():
    steps = []
    progress = Progress(steps.append, "digits(depth=2)", 8, 30, 2)
    for seconds in (12.0, 6.0):
        progress.add(seconds)
    assert steps == [
        Step("digits(depth=2)", 8, 0, 30),
        Step("digits(depth=2)", 8, 1, 30, 15 * 12.0),
        Step("digits(depth=2)", 8, 2, 30, 14 * 9.0),
    ]
    Progress(steps.append, "digits(depth=2)", 10, 4, 2, per_seed=9.0)
    assert steps[-1].left == 2 * 9.0, "known from earlier seeds"


def test_all_sampling_is_reported(tmp_path):
    steps = []
    draw = Draw(tmp_path, watch=steps.append)

    class Pop:
        label = "pop"

        def sample(self, seeds):
            return {"x": np.zeros(len(seeds))}

    columns(draw, Pop(), ["x"], range(8, 12))
    (step,) = steps
    assert (step.label, step.start, step.done, step.total) == ("pop", 8, 0, 4)
