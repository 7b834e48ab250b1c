"""§2.2: initialization of filter weights for rectifiers.

Networks with the paper's start train for 30 epochs, those with Xavier's for four times as many, so that slow is not
called stalled. The learning rate is 0.003, at which the 30 layers train with the paper's start; at its 0.01 they shake.
"""

from networks import trained

from lrn.claims import claim

HE14, HE22, HE30 = (trained(layers=layers, start="he") for layers in (14, 22, 30))
XAVIER22, XAVIER30 = (trained(layers=layers, start="xavier", epochs=120) for layers in (22, 30))
LONG14 = trained(layers=14, start="he", epochs=60)
XAVIER14 = trained(layers=14, start="xavier", epochs=60)


@claim("30 layers converge with the paper's start", id="H1", source="§2.2, Figure 3", reading="most of them")
def test_thirty_layers_converge(measure):
    assert measure.rate(HE30, "converged") > 0.5


@claim(
    "With Xavier's start they learn less often",
    id="H2-less",
    source="§2.2, Figure 3",
    reading="in four times the epochs",
)
def test_xavier_converges_less_often(measure):
    assert measure.rate(XAVIER30, "converged") < measure.rate(HE30, "converged")


@claim("With Xavier's start they stall", id="H2-thirty", source="§2.2, Figure 3", reading="for 30 epochs, most of them")
def test_xavier_does_not_begin(measure):
    assert measure.median(XAVIER30, "begins") > 30


@claim(
    "With Xavier's start they stall",
    id="H2-more",
    source="§2.2, Figure 3",
    reading="most of them even for 120 epochs",
    max_seeds=24,
    inconclusive="about a quarter of them do, which 24 seeds do not tell from half",
)
def test_xavier_stalls_even_given_more_epochs(measure):
    assert measure.rate(XAVIER30, "stalled") > 0.5


@claim(
    "The gradients of Xavier's are diminishing", id="H3", source="§2.2, Figure 3", reading="smaller, for every depth"
)
def test_gradients_are_smaller(measure):
    for he, xavier in ((HE22, XAVIER22), (HE30, XAVIER30)):
        assert measure.paired_rate(he, xavier, "gradient") > 0.5


@claim("The gradients of Xavier's are diminishing", id="H3-depth", source="§2.2, Figure 3", reading="with depth")
def test_gradients_shrink_with_depth(measure):
    assert measure.paired_rate(XAVIER22, XAVIER30, "gradient") > 0.5


@claim("22 layers converge with either start", id="H4-both", source="§2.2, Figure 2", reading="most of them")
def test_twenty_two_layers_converge(measure):
    assert measure.rate(HE22, "converged") > 0.5
    assert measure.rate(XAVIER22, "converged") > 0.5


@claim("The paper's start reduces the error earlier", id="H4-earlier", source="§2.2, Figure 2", reading="in most runs")
def test_the_papers_start_begins_earlier(measure):
    assert measure.paired_rate(XAVIER22, HE22, "begins") > 0.5


@claim(
    "At 14 layers neither start is more accurate",
    id="H5-two",
    source="§2.2",
    reading="by 2 points in most runs",
    max_seeds=12,
)
def test_neither_is_more_accurate_by_two_points(measure):
    assert measure.paired_rate(LONG14, XAVIER14, "accuracy", margin=0.02) < 0.5
    assert measure.paired_rate(XAVIER14, LONG14, "accuracy", margin=0.02) < 0.5


@claim(
    "At 14 layers neither start is more accurate", id="H5-any", source="§2.2", reading="in most runs, however little"
)
def test_neither_is_more_accurate_at_all(measure):
    assert measure.paired_rate(LONG14, XAVIER14, "accuracy") < 0.5


@claim("30 layers are worse than 14", id="H6", source="§2.2", reading="with the paper's start, in most runs")
def test_thirty_layers_are_worse(measure):
    assert measure.paired_rate(HE14, HE30, "accuracy") > 0.5


@claim("Adam learns from Xavier's start", id="O1", source="ours", reading="30 layers, in 30 epochs; most leave chance")
def test_adam_does_not_stall(measure):
    assert measure.rate(trained(layers=30, start="xavier", optimizer="adam"), "stalled") < 0.5
