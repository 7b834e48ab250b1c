"""The thesis's statements about dead neurons, against its tables: width two, then width four (Figure 4.22)."""

from __future__ import annotations

from itertools import product
from operator import itemgetter

import pytest

from claims.audit.published import CELLS, DEPTHS, FIGURES, ROWS, STYLES, WIDE, disagreements
from claims.cases import marked
from claims.documents import THESIS
from lrn.audit import dead_layers_possible, possible_counts, possible_totals
from lrn.claims import claim


def dead(figure, style, depth, connection):
    """Return the mean dead neurons of a cell, None where no run converged."""
    mean = CELLS[figure, style, depth, connection]["mean_dead_neurons"]
    return float(mean) if mean else None


def both_converged(*figures):
    """Return {(figure, style, depth): (plain, late)} mean dead neurons where both connections converged."""
    pairs = {}
    for figure, style, depth in product(figures, STYLES, DEPTHS):
        pair = dead(figure, style, depth, "plain"), dead(figure, style, depth, "late")
        if None not in pair:
            pairs[figure, style, depth] = pair
    return pairs


def shares_over_half(figures=FIGURES, min_depth=0):
    """Return, for each late row that converged, whether its mean is over half of its 2 x depth neurons."""
    over_half = []
    for row in ROWS:
        selected = row["figure"] in figures and int(row["depth"]) >= min_depth
        if selected and row["connection"] == "late" and row["converged"] != "0":
            over_half.append(float(row["mean_dead_neurons"]) > int(row["depth"]))
    return over_half


@claim(
    "Some, and fewer than half, of the late cells have more than half of their neurons dead",
    **THESIS("occasionally-over-half"),
    id="E-occasionally",
    exact=True,
)
def test_over_half_dead_occasionally():
    over = shares_over_half()
    assert 0 < sum(over) < len(over) / 2


@claim(
    "Most late cells of Figure 4.3 have more than half of their neurons dead",
    **THESIS("typically-over-half"),
    reading="at every depth",
    refuted="Figure 4.3: 6 of 14 cells",
    id="E-typically-all",
    exact=True,
)
def test_over_half_dead_typically():
    over = shares_over_half(["4.3"])
    assert sum(over) > len(over) / 2


@claim(
    "From depth 10, most late cells of Figure 4.3 have more than half of their neurons dead",
    **THESIS("typically-over-half"),
    reading="where only late networks converge",
    id="E-typically-deep",
    exact=True,
)
def test_over_half_dead_typically_when_deep():
    over = shares_over_half(["4.3"], min_depth=10)
    assert sum(over) > len(over) / 2


FIGURE_4_3_PAIRS = [("iterative", "2"), ("iterative", "5"), ("batch", "2"), ("batch", "5")]


@claim(
    "Converged late networks of Figure 4.3 have fewer dead neurons than converged plain ones",
    **THESIS("fewer-dead-per-convergence"),
    reading="mean over the converged",
    refuted="Figure 4.3, plain and late: 0.75 and 0.75, 1.5 and 3.4 (iterative); 0.4 and 0.5, 2.5 and 3.33 (batch)",
    id="E-fewer-dead",
    exact=True,
)
@pytest.mark.parametrize(("style", "depth"), FIGURE_4_3_PAIRS)
def test_late_has_fewer_dead_neurons(style, depth):
    assert dead("4.3", style, depth, "late") < dead("4.3", style, depth, "plain")


NOT_AT_DEPTH_2 = pytest.mark.refuted(
    "Figure 4.3, depth 2, plain and late: 0.75 / 4 and 0.75 / 4 (iterative), 0.4 / 5 and 0.5 / 4 (batch)"
)
AT_DEPTH_2 = {("iterative", "2"): NOT_AT_DEPTH_2, ("batch", "2"): NOT_AT_DEPTH_2}


def dead_per_convergence(style, depth, connection):
    """Return the mean dead neurons of a cell of Figure 4.3, divided by its count of convergence."""
    return dead("4.3", style, depth, connection) / int(CELLS["4.3", style, depth, connection]["converged"])


@claim(
    "Mean dead neurons divided by the count of convergence are lower for late networks in Figure 4.3",
    **THESIS("fewer-dead-per-convergence"),
    reading="mean divided by the count",
    id="E-fewer-dead-per-count",
    exact=True,
)
@pytest.mark.parametrize(("style", "depth"), marked(FIGURE_4_3_PAIRS, AT_DEPTH_2))
def test_late_has_fewer_dead_neurons_per_convergence(style, depth):
    plain, late = dead_per_convergence(style, depth, "plain"), dead_per_convergence(style, depth, "late")
    assert late < plain


@claim(
    "At width two, late networks have fewer dead neurons wherever both connections converged",
    source="ours",
    reading="all of the width two tables; the thesis says so of Figure 4.3 and of width four",
    refuted="of 12 such pairs in Figures 4.3 to 4.18, late is lower in 2 (Figure 4.6), equal in 2 and higher in 8",
    id="E-fewer-dead-width-2",
    exact=True,
)
def test_late_has_fewer_dead_neurons_over_all_width_two_tables():
    not_lower = [key for key, (plain, late) in both_converged(*FIGURES).items() if late >= plain]
    assert not_lower == []


@claim(
    "At learning rate 0.1, late networks have fewer dead neurons wherever both connections converged",
    source="ours",
    reading="how often, beside what the thesis says is potential",
    refuted="both such pairs are higher: 1 and 2 (Figure 4.15), 0.25 and 0.4 (Figure 4.18), batch, depth 2",
    id="E-reduced-dead",
    exact=True,
)
@pytest.mark.parametrize("figure", ["4.15", "4.18"])
def test_dead_neurons_are_reduced_at_learning_rate_0_1(figure):
    ((plain, late),) = both_converged(figure).values()
    assert late < plain


RATES = {
    "adam-batch": (("4.9", "4.3", "4.15"), "batch"),
    "adam-iterative": (("4.9", "4.3"), "iterative"),
    "sgd-batch": (("4.6", "4.18"), "batch"),
    "sgd-iterative": (("4.6", "4.18"), "iterative"),
}
"""The tables of a column by rising learning rate."""


def rises(column):
    """Return, for each depth, whether dead neurons of late networks rise with the learning rate."""
    figures, style = RATES[column]
    rising = []
    for depth in DEPTHS:
        means = []
        for figure in figures:
            mean = dead(figure, style, depth, "late")
            if mean is not None:
                means.append(mean)
        rising.append(means == sorted(set(means)))
    return rising


@claim(
    "In some column of the tables dead neurons of converged late networks rise with the learning rate at every depth",
    **THESIS("high-rate-kills"),
    reading='"can": in one column at least',
    id="E-high-rate-can",
    exact=True,
)
def test_dead_neurons_can_rise_with_the_learning_rate():
    assert any(map(all, map(rises, RATES)))


NOT_SGD = pytest.mark.refuted(
    "Figures 4.6 and 4.18: at 0.1 fewer than at 0.01 at depth 25 (iterative), at all depths but 25 (batch)"
)


@claim(
    "Dead neurons of converged late networks rise with the learning rate at every depth",
    **THESIS("adam-high-rate-kills"),
    reading="Adam's columns; SGD's are of our own adding",
    id="E-high-rate",
    exact=True,
)
@pytest.mark.parametrize("column", marked(zip(RATES), {("sgd-batch",): NOT_SGD, ("sgd-iterative",): NOT_SGD}))
def test_dead_neurons_rise_with_the_learning_rate(column):
    assert all(rises(column))


def less_dead(figure):
    """Return, for each depth at which both styles converged, whether batch training left fewer dead neurons."""
    fewer = []
    for depth in DEPTHS:
        batch, iterative = dead(figure, "batch", depth, "late"), dead(figure, "iterative", depth, "late")
        if batch is not None and iterative is not None:
            fewer.append(batch < iterative)
    return fewer


@claim(
    "Batch training leaves fewer dead neurons than iterative in converged late networks at some depth",
    **THESIS("batch-kills-less"),
    reading='"potentially": at one depth of the table at least',
    id="E-batch-can",
    exact=True,
)
@pytest.mark.parametrize("figure", ["4.3", "4.6", "4.9", "4.18"])
def test_batch_can_leave_fewer_dead_neurons(figure):
    assert any(less_dead(figure))


@claim(
    "Batch training leaves fewer dead neurons than iterative in converged late networks at every depth",
    source="ours",
    reading="how often what the thesis calls possible happens",
    id="E-batch-kills-less",
    exact=True,
)
@pytest.mark.parametrize(
    "figure",
    [
        "4.3",
        pytest.param("4.6", marks=pytest.mark.refuted("Figure 4.6: more at depths 5, 10, 15, 20 and 30")),
        pytest.param("4.9", marks=pytest.mark.refuted("Figure 4.9: more at depths 2, 5, 10 and 30")),
        pytest.param("4.18", marks=pytest.mark.refuted("Figure 4.18: more at depth 25")),
    ],
)
def test_batch_leaves_fewer_dead_neurons(figure):
    assert all(less_dead(figure))


@claim(
    "The neurons of late networks do not die, and over half of them are dead",
    **THESIS("neurons-do-not-die", "typically-over-half"),
    reading="both sentences speak of Figure 4.3, one paragraph apart",
    refuted="§4.2.1: by the one sentence they do not die, by the other over half of them are dead",
    id="E-die-or-half",
    exact=True,
)
def test_neurons_die_or_do_not():
    assert disagreements("neurons-do-not-die", "typically-over-half") == {}


@claim(
    "At width four, late networks have fewer dead neurons at every depth shown",
    **THESIS("decrease-where-both"),
    id="E-4.22-decrease",
    exact=True,
)
@pytest.mark.parametrize("depth", ["2", "5", "10", "15"])
def test_wide_late_networks_have_fewer_dead_neurons(depth):
    late, plain = float(WIDE[depth, "late"]["mean_dead_neurons"]), float(WIDE[depth, "plain"]["mean_dead_neurons"])
    assert late < plain


NOT_OF_THREE = pytest.mark.refuted("Figure 4.22: no three whole numbers have this mean")


def wide_means(impossible):
    """Return the eight means of Figure 4.22 as parameters, those in `impossible` marked as known to fail."""
    means = map(itemgetter("mean_dead_neurons"), WIDE.values())
    return marked(zip(means), dict.fromkeys(zip(impossible), NOT_OF_THREE))


@claim(
    "Each mean of Figure 4.22, rounded to two decimals as all other means, is one of three networks",
    source="ours",
    reading="two decimals, trailing zeros dropped: the stricter way to round",
    id="E-4.22-three",
    exact=True,
)
@pytest.mark.parametrize("mean", wide_means({"1.7", "4.71", "15.5", "8.75", "12.38"}))
def test_wide_means_are_of_three_networks(mean):
    assert possible_totals(mean, 3, decimals=2)


@claim(
    "Each mean of Figure 4.22, rounded to the decimals it is printed with, is one of three networks",
    **THESIS("three-convergences"),
    reading="the decimals printed",
    id="E-4.22-three-printed",
    exact=True,
)
@pytest.mark.parametrize("mean", wide_means({"4.71", "15.5", "8.75", "12.38"}))
def test_wide_means_as_printed_are_of_three_networks(mean):
    assert possible_totals(mean, 3)


@claim(
    "Each mean of Figure 4.22 is possible for three to ten networks",
    **THESIS("three-convergences"),
    reading="at least three, and no more than in the width two tables",
    id="E-4.22-ten",
    exact=True,
)
@pytest.mark.parametrize("mean", wide_means({}))
def test_wide_means_are_possible_for_ten_networks(mean):
    assert [n for n in possible_counts(mean, 10, decimals=2) if n >= 3]


@claim(
    "Width four networks with these dead neurons can be without a dead layer",
    **THESIS("no-dead-layers"),
    id="E-4.22-no-dead-layers",
    exact=True,
)
@pytest.mark.parametrize(("depth", "connection"), list(WIDE))
def test_wide_networks_can_be_without_dead_layers(depth, connection):
    mean = WIDE[depth, connection]["mean_dead_neurons"]
    n = possible_counts(mean, 10, decimals=2)[0]
    assert dead_layers_possible(mean, "0", n=n, depth=int(depth), width=4, decimals=2)


@claim(
    "Figure 4.22 shows late networks going around dead layers",
    **THESIS("no-dead-layers", "short-circuit-dead-layers"),
    refuted="§4.3 itself says that no architecture of Figure 4.22 has a dead layer: there is none to go around",
    id="E-4.22-short-circuit",
    exact=True,
)
def test_there_are_dead_layers_to_go_around():
    assert disagreements("no-dead-layers", "short-circuit-dead-layers") == {}


@claim(
    "At width four every depth was run until three plain networks converged",
    **THESIS("three-convergences", "after-depth-fifteen"),
    refuted="the caption of Figure 4.22: beyond depth 15 no plain network converged, so three were never attained",
    id="E-4.22-until-three",
    exact=True,
)
def test_three_plain_convergences_were_attained_at_every_depth():
    assert disagreements("three-convergences", "after-depth-fifteen") == {}
