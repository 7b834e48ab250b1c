"""Tables and folders of runs that somebody else has left: no value is misread, and each fault is named."""

import os

import numpy as np
import pytest

from lrn.claims import recorded
from lrn.claims._draw import Draw
from lrn.claims._populations import RecentSamples, columns


def observed(population, metric, n):
    return columns(RecentSamples(Draw(None)), population, [metric], range(n))[0].tolist()


def mlflow(folder, seed, loss, meta="lifecycle_stage: active\n"):
    run = folder / f"run{seed}"
    for kind in ("metrics", "params"):
        (run / kind).mkdir(parents=True)
    (run / "meta.yaml").write_text(meta)
    (run / "params" / "seed").write_text(str(seed))
    (run / "params" / "method").write_text("größer", encoding="utf-8")
    (run / "metrics" / "loss").write_text(loss)
    return run


def wandb(folder, summary, config=None, name="config.yaml"):
    folder.mkdir(parents=True)
    (folder / "wandb-summary.json").write_text(summary)
    if config is not None:
        (folder / name).write_text(config)
    return folder


def test_the_last_value_without_a_step_is_the_last_one_written(tmp_path):
    mlflow(tmp_path, 0, "1 0.9 0\n2 0.5 0\n3 0.1 0\n")
    mlflow(tmp_path, 1, "7 0.9 0\n7 0.2 0\n")
    mlflow(tmp_path, 2, "1 0.3 5\n9 0.9 4\n")
    assert observed(recorded(tmp_path, by="method", name="runs")(method="größer"), "loss", 3) == [0.1, 0.2, 0.3]


def test_deleted_runs_do_not_count(tmp_path):
    mlflow(tmp_path / "0", 0, "1 0.5 0\n")
    mlflow(tmp_path / "0", 1, "1 0.9 0\n", "lifecycle_stage: deleted\n")
    mlflow(tmp_path / ".trash", 2, "1 0.9 0\n")
    assert recorded(tmp_path).seeds == (0,)


@pytest.mark.parametrize("line", ["12 zero 0", "12", "1 2 3 4", "x 0.5 0", "1 0.5 x", "1 0.5 \udcff"])
def test_bad_values_of_mlflow_name_their_file(tmp_path, line):
    run = mlflow(tmp_path, 0, "")
    (run / "metrics" / "loss").write_text(line, errors="surrogateescape")
    with pytest.raises(ValueError, match=r"run0/metrics/loss cannot be read as values of a metric"):
        recorded(tmp_path)


def test_numbers_that_json_lacks_are_numbers(tmp_path):
    for seed, loss in enumerate(('"NaN"', "0.5", '"Infinity"', '"-Infinity"')):
        wandb(tmp_path / str(seed), f'{{"seed": {seed}, "loss": {loss}}}')
    values = recorded(tmp_path, name="runs")().sample(range(4))["loss"]
    assert np.array_equal(values, [np.nan, 0.5, np.inf, -np.inf], equal_nan=True)


@pytest.mark.parametrize(
    ("summary", "config", "why"),
    [
        ("[1, 2]", None, "it must hold names and values"),
        ('{"a":' * 100_000, None, "it is nested too deeply"),
        ("{", None, "Expecting"),
        ('{"seed": 0}', "a: [1", "while parsing"),
        ('{"seed": 0}', "- 1", "it must hold names and values"),
        ('{"seed": 0}', "a: &x\n  value:\n    self: *x\n", "it is nested too deeply"),
        ('{"seed": 0}', "a: !!python/object/apply:os.getcwd []\n", "could not determine a constructor"),
    ],
)
def test_bad_files_of_weights_and_biases_are_named(tmp_path, summary, config, why):
    if config is not None:
        pytest.importorskip("yaml")
    wandb(tmp_path / "run", summary, config)
    with pytest.raises(ValueError, match=f"run/(wandb-summary.json|config.yaml) cannot be read as .*: .*{why}"):
        recorded(tmp_path)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.parquet", "run/wandb-summary.json"])
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: os.symlink("/dev/zero", path)])
def test_pipes_and_devices_are_not_read(tmp_path, name, make):
    (tmp_path / "run").mkdir()
    make(tmp_path / name)
    with pytest.raises(ValueError, match=f"{name} cannot be read as .*: it is not a file but a (named pipe|device)"):
        recorded(tmp_path / name if "/" not in name else tmp_path)


def test_names_that_python_takes_for_numbers_stay_apart(tmp_path):
    for first, second in (("1_1", "11"), ("007", "7"), ("\u0661", "1")):
        (tmp_path / "runs.csv").write_text(f"seed,method,loss\n0,{first},1\n1,{second},2\n", encoding="utf-8")
        runs = recorded(tmp_path / "runs.csv", by="method")
        one, other = runs.populations()
        assert (one.key, other.key) == ((first,), (second,))
    (tmp_path / "runs.csv").write_text("seed,lr,loss\n00,1e-1,+.5\n01,0.1,-INF\n")
    runs = recorded(tmp_path / "runs.csv", by="lr")
    assert observed(runs(lr=0.1), "loss", 2) == [0.5, -np.inf]


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"seed": [0, 1], "lr": [0.1, float("nan")]}, "lr of table must have one value in every row; got nan in row 2"),
        ({"seed": [0, 1], "lr": [0.1, [2]]}, r"lr of table must have one value in every row; got \[2\] in row 2"),
        ({"seed": [True, 0], "lr": [1, 1]}, "seed of table must be a whole number in every row; got True in row 1"),
        ({"seed": [2**64, 0], "lr": [1, 1]}, "seed of table must be a whole number in every row; got 18446744"),
    ],
)
def test_rows_that_belong_nowhere_are_refused(table, sentence):
    with pytest.raises(ValueError, match=sentence):
        recorded(table, by="lr")


def test_lines_of_json_end_where_json_lets_them_end(tmp_path):
    first = '{"seed": 0, "note": "a\u2028b\u0085c", "loss": 0.5}'
    second = first.replace('"seed": 0', '"seed": 1')
    text = f"\ufeff{first}\r\n{second}"
    (tmp_path / "runs.jsonl").write_text(text, encoding="utf-8", newline="")
    assert observed(recorded(tmp_path / "runs.jsonl")(), "loss", 2) == [0.5, 0.5]


def test_a_number_of_many_digits_is_a_number(tmp_path):
    (tmp_path / "runs.csv").write_text(f"seed,loss\n0,{'9' * 400}\n1,\n")
    assert recorded(tmp_path / "runs.csv")().sample(range(1))["loss"].tolist() == [np.inf]
