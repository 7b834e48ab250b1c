"""The table of alternatives holds the measured values, and costs that torch counts too."""

import dataclasses
from operator import attrgetter

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from claims.thesis.alternatives import CHANGES, alternative, multiply_adds
from claims.thesis.comparison import markdown, rows
from lrn import network
from lrn.verdicts import MeasuredQuantity, Outcome, Quantity, SuiteVerdicts, Verdict
from tests.networks import count_parameters


def quantity(experiment, point, seeds=256, metric="converged"):
    what = Quantity("rate", metric, (experiment.label,), digests=(experiment.key,))
    return MeasuredQuantity(what.key, what.name, point, point - 0.1, point + 0.1, seeds, seeds, (0.5,), 1, what)


def suite(*measured):
    verdict = Verdict("A", "a.py::test_a", "s", "", "", "", Outcome.SUPPORTED, Outcome.SUPPORTED, None, "", 1)
    verdicts = [dataclasses.replace(verdict, test=f"a.py::test_{i}", estimates=(q,)) for i, q in enumerate(measured)]
    return SuiteVerdicts.of(
        verdicts, alpha=0.001, quantities=64, seed_offset=0, first_seeds=8, max_seeds=512, complete=True
    )


LATE, ELU, DEEP = alternative("late", 10, 0.01), alternative("ELU", 10, 0.01), alternative("late", 30, 0.001)


def test_each_measured_alternative_has_a_row_and_the_best_comes_first():
    table = list(rows(suite(quantity(LATE, 0.5), quantity(DEEP, 0.3), quantity(ELU, 0.9))))
    assert list(map(attrgetter("name", "depth", "lr", "rate.point"), table)) == [
        ("ELU", 10, 0.01, 0.9),
        ("late", 10, 0.01, 0.5),
        ("late", 30, 0.001, 0.3),
    ]
    assert table[1].parameters == LATE.parameters


def test_the_measurement_at_most_seeds_counts_and_other_quantities_do_not():
    measured = quantity(LATE, 0.5, 1024), quantity(LATE, 0.6), quantity(LATE, 0.7, 4096, "constant")
    (row,) = rows(suite(*measured))
    assert row.rate.point == 0.5


def test_the_table_shows_rate_interval_and_costs():
    assert markdown(suite(quantity(LATE, 0.5))).splitlines()[2:] == [
        "| 0.01 | 10 | late | 0.500 | 0.400 to 0.600 | 256 | 79 | 3,440 |"
    ]


@pytest.mark.parametrize("name", CHANGES)
def test_multiply_adds_are_those_that_torch_counts(name):
    e = alternative(name, 10, 0.01)
    net, x = network(e, 0, trained=False), torch.as_tensor(e.data.x_standardised).float()
    with FlopCounterMode(display=False) as counter:
        net(x).sum().backward()
    assert counter.get_total_flops() == 2 * multiply_adds(e)
    assert count_parameters(net) == e.parameters
