"""The thesis's statements about counts of convergence, against its tables of width two."""

from __future__ import annotations

from itertools import product

import pytest

from claims.audit.published import CELLS, DEPTHS, FIGURES, STYLES, TABLE_OF, disagreements, network
from claims.cases import marked
from claims.documents import THESIS
from lrn.claims import claim


def count(figure, style, depth, connection):
    """Return how many of a cell's ten runs converged."""
    return int(CELLS[figure, style, depth, connection]["converged"])


def counts(figure, style, connection):
    """Return a column's counts of convergence, shallowest first."""
    return [count(figure, style, depth, connection) for depth in DEPTHS]


def total(connection, figures=FIGURES, styles=STYLES):
    """Return the count of convergence over figures, styles and depths."""
    converged = 0
    for figure, style in product(figures, styles):
        converged += sum(counts(figure, style, connection))
    return converged


@claim(
    "In Figure 4.3 plain counts fall with depth and are 0 from depth 10",
    **THESIS("plain-fails-when-deep"),
    id="E-plain-deep",
    exact=True,
)
@pytest.mark.parametrize("style", STYLES)
def test_plain_counts_fall_with_depth(style):
    plain = counts("4.3", style, "plain")
    assert plain == sorted(plain, reverse=True)
    assert plain[0] > plain[1] > 0
    assert plain[2:] == [0] * 5


@claim(
    "Adam, 0.01, iterative, depth 10: six of ten late networks converged",
    **THESIS("six-of-ten"),
    id="E-six-of-ten",
    exact=True,
)
def test_six_of_ten_converged():
    assert count("4.3", "iterative", "10", "late") == 6


@claim(
    "In Figure 4.3 the total of late networks is above the total of plain ones",
    **THESIS("drastically-improves"),
    id="E-drastically",
    exact=True,
)
@pytest.mark.parametrize("style", STYLES)
def test_late_total_is_above_plain_total(style):
    assert total("late", ["4.3"], [style]) > total("plain", ["4.3"], [style])


@claim(
    "In Figure 4.6 every late architecture converges more often than the plain one, both styles together",
    **THESIS("sgd-more-often"),
    id="E-sgd-more-often-both",
    exact=True,
)
@pytest.mark.parametrize("depth", DEPTHS)
def test_every_late_architecture_converges_more_often_over_both_styles(depth):
    late = count("4.6", "iterative", depth, "late") + count("4.6", "batch", depth, "late")
    plain = count("4.6", "iterative", depth, "plain") + count("4.6", "batch", depth, "plain")
    assert late > plain


TIE = pytest.mark.refuted("Figure 4.6, batch, depth 2: 4 of 10 for both connections")


@claim(
    "In Figure 4.6 every late architecture converges more often than the plain one",
    **THESIS("sgd-more-often"),
    id="E-sgd-more-often",
    exact=True,
)
@pytest.mark.parametrize(("style", "depth"), marked(product(STYLES, DEPTHS), {("batch", "2"): TIE}))
def test_every_late_architecture_converges_more_often(style, depth):
    assert count("4.6", style, depth, "late") > count("4.6", style, depth, "plain")


@claim(
    "SGD, 0.01, iterative, depth 30: eight of ten late networks converged and no plain one",
    **THESIS("eight-of-ten"),
    id="E-eight-of-ten",
    exact=True,
)
def test_eight_of_ten_converged():
    assert count("4.6", "iterative", "30", "late") == 8
    assert count("4.6", "iterative", "30", "plain") == 0


FIVE_PLAIN = pytest.mark.refuted("Figure 4.9, batch: plain networks converged 3, 1 and 1 times at depths 2, 5 and 10")


@claim(
    "In Figure 4.9 no plain network converged",
    **THESIS("none-of-the-plain"),
    id="E-none-of-the-plain",
    exact=True,
)
@pytest.mark.parametrize("style", ["iterative", pytest.param("batch", marks=FIVE_PLAIN)])
def test_no_plain_network_converged_at_0_001(style):
    assert counts("4.9", style, "plain") == [0] * 7


@claim(
    "In Figure 4.9 late networks converged at least once at every depth",
    **THESIS("none-of-the-plain"),
    id="E-at-minimum-one",
    exact=True,
)
@pytest.mark.parametrize("style", STYLES)
def test_late_converged_at_least_once_at_0_001(style):
    assert min(counts("4.9", style, "late")) >= 1


HIGHEST = pytest.mark.refuted(
    "Figure 4.9, batch: 46 of 70, above the 38 of learning rate 0.01 (Figure 4.3) and the highest of all twelve totals"
)


@claim(
    "Under Adam late networks converged less at 0.001 than at 0.01",
    **THESIS("low-late-convergence"),
    id="E-low-late",
    exact=True,
)
@pytest.mark.parametrize("style", ["iterative", pytest.param("batch", marks=HIGHEST)])
def test_late_convergence_is_low_at_0_001(style):
    assert total("late", ["4.9"], [style]) < total("late", ["4.3"], [style])


@claim(
    "Adam, 0.001, batch, depth 30: no plain network converged",
    **THESIS("thirty-layers-not-enough"),
    id="E-thirty-layers",
    exact=True,
)
def test_no_plain_network_of_thirty_layers_converged():
    assert count("4.9", "batch", "30", "plain") == 0


@claim(
    "Late, Adam and batch: more than half of the runs converged",
    **THESIS("more-than-likely"),
    id="E-more-than-likely",
    exact=True,
)
@pytest.mark.parametrize(
    "figures",
    [
        pytest.param(("4.9",), id="0.001"),
        pytest.param(("4.3",), id="0.01"),
        pytest.param(("4.15",), id="0.1", marks=pytest.mark.refuted("Figure 4.15: 30 of 70")),
        pytest.param(("4.9", "4.3", "4.15"), id="all"),
    ],
)
def test_late_adam_batch_more_than_likely_converges(figures):
    assert total("late", figures, ["batch"]) > 70 * len(figures) / 2


@claim(
    "No other combination of optimizer, style and connection converged as often as late, Adam, batch",
    **THESIS("more-than-likely"),
    id="E-best-combination",
    exact=True,
)
def test_late_adam_batch_is_the_best_combination():
    optimizers = {"Adam": ("4.3", "4.9", "4.15"), "SGD": ("4.6", "4.12", "4.18")}
    totals = {}
    for connection, optimizer, style in product(("plain", "late"), optimizers, STYLES):
        totals[connection, optimizer, style] = total(connection, optimizers[optimizer], [style])
    best = totals.pop(("late", "Adam", "batch"))
    assert best > max(totals.values())


@claim(
    "Under SGD at 0.001 no network converged",
    **THESIS("none-at-sgd-0.001"),
    id="E-none-at-sgd",
    exact=True,
)
def test_no_network_converged_under_sgd_at_0_001():
    assert total("late", ["4.12"]) == total("plain", ["4.12"]) == 0


@claim(
    "At 0.001 Adam lets networks converge, and no style, depth or connection does under SGD",
    **THESIS("only-adam-helped"),
    id="E-only-adam",
    exact=True,
)
def test_only_adam_helped_at_0_001():
    assert total("late", ["4.9"]) > 0
    assert total("late", ["4.12"]) == total("plain", ["4.12"]) == 0


@claim(
    "No other learning rate lets late networks converge with SGD",
    source="ours",
    reading="in the tables; the thesis speaks of 0.001 there, and itself goes on to a higher rate",
    refuted="SGD's late networks converged 71 times at 0.01 (Figure 4.6), 51 at 0.1 (4.18)",
    id="E-only-adam-rate",
    exact=True,
)
def test_no_other_rate_helped():
    assert total("late", ["4.6", "4.18"]) == 0


@claim(
    "The number of epochs gives the network of Figure 4.14 time to converge",
    source="ours",
    reading="§3.4 says what the number was chosen for, not that it is enough for each network",
    refuted="the caption of Figure 4.14: the loss fails to minimise in the number of epochs allotted",
    id="E-time-to-converge",
    exact=True,
)
def test_epochs_give_time_to_converge():
    assert disagreements("time-to-converge", "not-in-the-epochs-allotted") == {}


@claim(
    "At 0.001 no plain network converged, and a few late ones did",
    **THESIS("low-number-of-convergence"),
    id="E-low-number",
    exact=True,
)
@pytest.mark.parametrize(
    ("figure", "styles"),
    [
        pytest.param("4.9", ["iterative"], id="adam-iterative"),
        pytest.param(
            "4.9",
            ["batch"],
            id="adam-batch",
            marks=pytest.mark.refuted("Figure 4.9, batch: plain networks converged 5 times, late ones 46 times"),
        ),
        pytest.param("4.12", STYLES, id="sgd", marks=pytest.mark.refuted("Figure 4.12: no late network did either")),
    ],
)
def test_plain_failed_and_late_rarely_converged_at_0_001(figure, styles):
    assert total("plain", [figure], styles) == 0
    assert 0 < total("late", [figure], styles) < 35 * len(styles)


@claim(
    "Under Adam at 0.1 no network converged in iterative training, and some did in batch training",
    **THESIS("adam-iterative-fails"),
    id="E-adam-iterative",
    exact=True,
)
def test_adam_at_0_1_fails_in_iterative_training_only():
    assert total("late", ["4.15"], ["iterative"]) == total("plain", ["4.15"], ["iterative"]) == 0
    assert total("late", ["4.15"], ["batch"]) > 0


NONE_AT_DEPTH_2 = pytest.mark.refuted("Figure 4.18, iterative, depth 2: 0 of 10 late networks converged")


@claim(
    "In Figure 4.18 late networks converged at least once at every depth, in both training styles",
    **THESIS("once-at-all-depths"),
    reading="in each style",
    id="E-once-at-all-depths",
    exact=True,
)
@pytest.mark.parametrize("style", [pytest.param("iterative", marks=NONE_AT_DEPTH_2), "batch"])
def test_late_converged_once_at_all_depths(style):
    assert min(counts("4.18", style, "late")) >= 1


@claim(
    "In Figure 4.18 late networks converged at least once at every depth, in one style or the other",
    **THESIS("once-at-all-depths"),
    reading="in either style",
    id="E-once-in-either",
    exact=True,
)
def test_late_converged_once_at_all_depths_in_either_style():
    iterative, batch = counts("4.18", "iterative", "late"), counts("4.18", "batch", "late")
    assert min(map(max, iterative, batch)) >= 1


SHOWN_PLAIN = ("4.4", "4.7", "4.10", "4.13", "4.16")


@claim(
    "The plain networks drawn before Figure 4.19 belong to cells without any convergence",
    **THESIS("previous-plain-networks"),
    reading="all that are shown: Figures 4.4, 4.7, 4.10, 4.13 and 4.16",
    id="E-previous-plain",
    exact=True,
)
@pytest.mark.parametrize("figure", SHOWN_PLAIN)
def test_no_plain_network_shown_converged(figure):
    drawn = network(figure)
    table = TABLE_OF[drawn["optimizer"], drawn["learning_rate"]]
    assert drawn["connection"] == "plain"
    assert count(table, drawn["training_style"], drawn["depth"], "plain") == 0


@claim(
    "No plain network converged in any figure",
    source="ours",
    reading="all plain networks, shown or not",
    refuted="30 of 840 plain runs converged: Figures 4.3 (13), 4.6 (7), 4.9 (5), 4.15 (1) and 4.18 (4)",
    id="E-previous-all",
    exact=True,
)
def test_no_plain_network_converged():
    assert total("plain") == 0


@claim(
    "In Figure 4.18 late networks converged more often than plain ones in both training styles",
    **THESIS("succeed-in-both-styles"),
    id="E-succeed",
    exact=True,
)
@pytest.mark.parametrize("style", STYLES)
def test_late_succeeds_in_both_styles_at_0_1(style):
    assert total("late", ["4.18"], [style]) > total("plain", ["4.18"], [style])


@claim(
    "At 0.1 late networks converged under both optimizers",
    **THESIS("both-optimizers-converged"),
    id="E-both-optimizers",
    exact=True,
)
@pytest.mark.parametrize("figure", ["4.15", "4.18"])
def test_both_optimizers_converged_at_0_1(figure):
    assert total("late", [figure]) > 0


@claim(
    "Over the whole grid late networks converged more often than plain ones",
    **THESIS("summary-improvement"),
    id="E-summary",
    exact=True,
)
def test_late_converged_more_often_over_the_whole_grid():
    assert total("late") > total("plain")


ALL_ZERO = pytest.mark.refuted("the figure: no network of either connection converged in this column")
NO_CONVERGENCE = dict.fromkeys([("4.12", "iterative"), ("4.12", "batch"), ("4.15", "iterative")], ALL_ZERO)


@claim(
    "Late networks converged more often than plain ones in every optimizer, learning rate and style",
    source="ours",
    reading="in each column of the tables; the thesis says so of no column by itself",
    id="E-summary-each",
    exact=True,
)
@pytest.mark.parametrize(("figure", "style"), marked(product(FIGURES, STYLES), NO_CONVERGENCE))
def test_late_converged_more_often_in_each_column(figure, style):
    assert total("late", [figure], [style]) > total("plain", [figure], [style])
