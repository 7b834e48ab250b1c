"""Results that exist: tables of runs, judged on the rows that there are."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest

from lrn.claims import recorded
from lrn.claims._contract import NoMoreSeeds
from lrn.claims._populations import Draw, RecentSamples, available, columns, counts_of

CSV = """\
seed,method,depth,accuracy,diverged,note
3,a,2,0.9,false,x
1,a,2,0.8,true,y
1,b,2,0.7,False,z
7,b,2,0.6,false,
3,b,2,,true,w
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(CSV)
    return path


def observed(population, metric, n=3):
    return columns(RecentSamples(Draw(None)), population, [metric], range(n))[0].tolist()


def test_the_rows_of_a_table_are_populations(table):
    runs = recorded(table, by=["method", "depth"])
    a, b = runs.populations()
    assert (a.label, b.label) == ("runs(method='a', depth=2)", "runs(method='b', depth=2)")
    assert runs(depth=2, method="b") == b
    assert a.table.seeds == (1, 3, 7)
    assert a.missing == [7]
    assert a.notes == ("runs(method='a', depth=2) has no run for 1 of the table's 3 seeds: 7",)
    assert b.notes == ()


def test_seeds_are_paired_and_missing_ones_do_not_count(table):
    a, b = recorded(table, by=["method", "depth"]).populations()
    assert counts_of(a) == "recorded"
    assert observed(a, "recorded") == [True, True, False]
    assert observed(a, "accuracy")[:2] == [0.8, 0.9]
    assert observed(a, "diverged") == [True, False, False]
    assert a.sample(range(3))["note"].tolist() == ["y", "x", ""]
    accuracy = observed(b, "accuracy")
    assert (accuracy[0], accuracy[2]) == (0.7, 0.6)
    assert math.isnan(accuracy[1])


def test_there_are_no_more_seeds_than_rows(table):
    samples, (a, _) = RecentSamples(Draw(None)), recorded(table, by=["method", "depth"]).populations()
    seeds, why = available(samples, a, range(8))
    assert seeds == range(3)
    assert why == "there are only 3 seeds of runs(method='a', depth=2)"
    with pytest.raises(NoMoreSeeds, match="there are only 3 seeds"):
        columns(samples, a, ["accuracy"], range(8))
    assert available(Draw(None, frozen=True), a, range(3)) == (range(3), "")


COLUMNS = {"seed": [0, 0, 1, 1, 2, 2], "method": ["a", "bb"] * 3, "x": [1, 2, 2, 3, 3, 4]}
ROWS = [dict(zip(COLUMNS, values, strict=True)) for values in zip(*COLUMNS.values(), strict=True)]


def forms(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "runs.parquet")
    (tmp_path / "runs.jsonl").write_text("\n".join(map(json.dumps, ROWS)) + "\n")
    lines = [["seed", "method", "x"], *zip(*COLUMNS.values(), strict=True)]
    with (tmp_path / "runs.tsv").open("w", newline="") as file:
        csv.writer(file, delimiter="\t", lineterminator="\n").writerows(lines)
    yield tmp_path / "runs.parquet"
    yield str(tmp_path / "runs.jsonl")
    yield tmp_path / "runs.tsv"
    yield COLUMNS
    yield pytest.importorskip("pandas").DataFrame(ROWS)


def test_tables_of_every_form_are_the_same(tmp_path):
    for source in forms(tmp_path):
        runs = recorded(source, by="method", name="runs")
        a, bb = runs.populations()
        assert (a.label, bb.label) == ("runs(method='a')", "runs(method='bb')")
        assert observed(runs(method="bb"), "x") == [2, 3, 4]


def test_runs_of_weights_and_biases_are_read_from_their_folders(tmp_path):
    for seed in range(2):
        files = tmp_path / f"run-{seed}" / "files"
        files.mkdir(parents=True)
        (files / "wandb-summary.json").write_text(json.dumps({"_step": 9, "val": {"acc": 0.5 + seed}}))
        config = {"seed": {"value": seed}, "opt": {"value": {"lr": 0.1}}, "wandb_version": 1}
        (files / "config.json").write_text(json.dumps(config))
    runs = recorded(tmp_path, by="opt.lr", name="wandb")
    assert observed(runs(**{"opt.lr": 0.1}), "val.acc", 2) == [0.5, 1.5]


def test_runs_of_mlflow_are_read_from_their_folders(tmp_path):
    for seed in range(2):
        run = tmp_path / "0" / f"run{seed}"
        for kind in ("metrics", "params", "tags"):
            (run / kind).mkdir(parents=True)
        (run / "meta.yaml").write_text("")
        (run / "params" / "seed").write_text(str(seed))
        (run / "params" / "method").write_text("late")
        (run / "tags" / "mlflow.user").write_text("somebody")
        (run / "metrics" / "loss").write_text(f"1700000000000 0.9 0\n1700000000001 {0.1 + seed} 1\n")
    late = recorded(tmp_path, by="method", name="mlflow")(method="late")
    assert observed(late, "loss", 2) == [0.1, 1.1]


STATES = {
    "wandb.csv": "Name,State,seed,acc\na,finished,0,0.9\nb,crashed,1,0.1\nc,running,2,0.2\nd,failed,3,0.3\n",
    "mlflow.csv": "Status,seed,acc\nFINISHED,0,0.9\nFAILED,1,0.1\nRUNNING,2,0.2\nKILLED,3,0.3\n",
    "runs.jsonl": "\n".join(
        json.dumps({"run": {"state": state}, "seed": seed, "acc": acc})
        for seed, (state, acc) in enumerate([("finished", 0.9), ("crashed", 0.1), ("pending", 0.2), ("killed", 0.3)])
    ),
}


@pytest.mark.parametrize("file", STATES)
def test_runs_that_did_not_finish_are_refused_left_out_or_counted_as_asked(tmp_path, file):
    path = tmp_path / file
    path.write_text(STATES[file])
    with pytest.raises(ValueError, match=r"3 runs of \w+ did not: seed=1 \(\w+\), seed=2 \(\w+\), seed=3.*'exclude'"):
        recorded(path)
    rest = recorded(path, unfinished="exclude")()
    assert (observed(rest, "acc", 1), rest.most) == ([0.9], 1)
    assert "3 runs of" in rest.notes[0]
    everything = recorded(path, unfinished="include")()
    assert (observed(everything, "acc", 4), everything.notes) == ([0.9, 0.1, 0.2, 0.3], ())


@pytest.mark.parametrize(
    "column",
    [
        "state,seed,acc\nOhio,0,0.9\nfailed,1,0.1\n",
        "status,seed,acc\n1,0,0.9\n4,1,0.1\n",
        "stage,seed,acc\nfailed,0,0.9\n",
    ],
)
def test_columns_that_mean_something_else_are_left_alone(tmp_path, column):
    path = tmp_path / "runs.csv"
    path.write_text(column)
    assert recorded(path)().notes == ()


def test_a_column_of_by_is_no_state(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(STATES["wandb.csv"])
    assert observed(recorded(path, by="State")(State="crashed"), "acc", 2)[1] == 0.1


def test_unfinished_is_one_of_three():
    with pytest.raises(ValueError, match="unfinished must be one of error, exclude, include; got 'skip'"):
        recorded({"seed": [0]}, unfinished="skip")


def mlflow_run(folder, seed, status):
    run = folder / "0" / f"run{seed}"
    (run / "metrics").mkdir(parents=True)
    (run / "params").mkdir()
    (run / "meta.yaml").write_text(f"lifecycle_stage: active\nstatus: {status}\n")
    (run / "params" / "seed").write_text(str(seed))
    (run / "metrics" / "loss").write_text("1700000000000 0.9 0\n")


@pytest.mark.parametrize(("status", "name"), [(1, "RUNNING"), (4, "FAILED"), (5, "KILLED"), ("FAILED", "FAILED")])
def test_runs_of_mlflow_that_did_not_finish_are_named(tmp_path, status, name):
    mlflow_run(tmp_path, 0, 3)
    mlflow_run(tmp_path, 1, status)
    with pytest.raises(ValueError, match=rf"1 run of .* did not: seed=1 \({name}\)"):
        recorded(tmp_path)
    assert recorded(tmp_path, unfinished="exclude")().most == 1


def wandb_run(folder, seed, summary):
    files = folder / f"run-{seed}" / "files"
    files.mkdir(parents=True)
    (files / "wandb-metadata.json").write_text("{}")
    (files / "config.json").write_text(json.dumps({"seed": {"value": seed}}))
    if summary is not None:
        (files / "wandb-summary.json").write_text(json.dumps(summary))


@pytest.mark.parametrize("summary", [None, {"acc": 0.5, "_runtime": 3.5}])
def test_runs_of_wandb_without_an_end_are_named(tmp_path, summary):
    wandb_run(tmp_path, 0, {"acc": 0.9, "_wandb": {"runtime": 3}})
    wandb_run(tmp_path, 1, summary)
    with pytest.raises(ValueError, match=r"1 run of .* did not: seed=1 \(unfinished\)"):
        recorded(tmp_path)
    assert observed(recorded(tmp_path, unfinished="exclude")(), "acc", 1) == [0.9]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must have a line with the names of its columns; it is empty"),
        ("seed,method\n", "runs must have at least one run; got none"),
        ("number,method\n1,a\n", r"runs must have the columns seed='seed' and by=\['method'\]; it has number, method"),
        ("seed,method\n1.5,a\n", "seed of runs must be a whole number in every row; got 1.5 in row 1"),
        (
            "seed,method\n1,a\nx,a\n",
            "seed of runs must be a whole number in every row; got '1' in row 1|got 'x' in row 2",
        ),
        ("seed,method\n-1,a\n", "seed of runs must be a whole number in every row; got -1 in row 1"),
        ("seed,method\n1,a\n1,a\n", "seed 1 of method='a' is in rows 1 and 2"),
        ("seed,method\n1,a,3\n", "must have 2 values in every row; row 1 has 3"),
        ("seed,method,method\n1,a,3\n", "must have a name of its own for each column"),
        ("seed,method,recorded\n1,a,3\n", "runs must not have a column called 'recorded'"),
    ],
)
def test_tables_that_are_not_clear_are_refused_in_one_sentence(tmp_path, text, sentence):
    (tmp_path / "runs.csv").write_text(text)
    with pytest.raises(ValueError, match=sentence):
        recorded(tmp_path / "runs.csv", by=["method"])


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (3, "a table must be a file, a folder, or a data frame; got int"),
        ("runs.xlsx", "a table must be a folder or one of .csv"),
        ({"seed": [1, 2], "x": [1]}, "the columns of a table must be equally long"),
    ],
)
def test_what_is_not_a_table_is_refused(source, sentence):
    with pytest.raises(ValueError, match=sentence):
        recorded(source)


def test_damaged_tables_are_refused(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    (tmp_path / "a.jsonl").write_text("{")
    (tmp_path / "empty").mkdir()
    for name in ("a.parquet", "a.jsonl"):
        with pytest.raises(ValueError, match="cannot be read as a table"):
            recorded(tmp_path / name)
    with pytest.raises(ValueError, match="must hold runs of Weights & Biases"):
        recorded(tmp_path / "empty")
    with pytest.raises(FileNotFoundError):
        recorded(tmp_path / "none.csv")


def test_populations_that_are_not_there_are_refused(table):
    runs = recorded(table, by=["method", "depth"])
    with pytest.raises(ValueError, match=r"runs has no runs with method='c', depth=2; it has method='a', depth=2; m"):
        runs(method="c", depth=2)
    with pytest.raises(TypeError, match="runs takes method, depth; got method"):
        runs(method="a")


def test_without_columns_to_tell_them_apart_all_runs_are_one_population():
    runs = recorded({"seed": [0, 1], "x": np.array([1.0, 2.0])}, name="t")
    assert runs().label == "t()"
    assert observed(runs(), "x", 2) == [1.0, 2.0]
