"""§2.2: initialization of filter weights for rectifiers.

Networks with the paper's start train for 30 epochs, those with Xavier's for four times as many, so that slow is not
called stalled. The learning rate is 0.003, at which the 30 layers train with the paper's start; at its 0.01 they shake.
"""

from networks import trained

from lrn.claims import claim

HE14, XAVIER14 = trained(layers=14, start="he", epochs=120), trained(layers=14, start="xavier", epochs=120)
HE22, HE30 = trained(layers=22, start="he"), trained(layers=30, start="he")
XAVIER22, XAVIER30 = trained(layers=22, start="xavier", epochs=120), trained(layers=30, start="xavier", epochs=120)


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


@claim(
    "22 layers converge with either start",
    id="H4-both",
    source="§2.2, Figure 2",
    reading="most of them",
    max_seeds=64,
)
def test_twenty_two_layers_converge(measure):
    assert measure.rate(HE22, "converged") > 0.5
    assert measure.rate(XAVIER22, "converged") > 0.5


@claim("The paper's start reduces the error earlier", id="H4-earlier", source="§2.2, Figure 2", reading="in most runs")
def test_the_papers_start_begins_earlier(measure):
    assert measure.paired_rate(XAVIER22, HE22, "begins") > 0.5


@claim(
    "With 14 layers neither start is clearly superior on accuracy",
    id="H5",
    source="§2.2",
    reading="trained for 120 epochs, within 5 points of each other, in most runs",
)
def test_accuracy_is_alike_at_fourteen_layers(measure):
    assert abs(measure.median_difference(HE14, XAVIER14, "accuracy")) < 0.05


@claim("With Adam Xavier's 30 layers learn at once", id="O1", source="ours", reading="most begin within 10 epochs")
def test_adam_does_not_stall(measure):
    xavier = trained(layers=30, start="xavier", optimizer="adam")
    assert measure.median(xavier, "begins") < 10
    assert measure.rate(xavier, "converged") > 0.5


@claim("Xavier's 14 layers need more than 30 epochs", id="O2", source="ours", reading="half as accurate by then")
def test_fourteen_layers_are_late(measure):
    xavier = trained(layers=14, start="xavier")
    assert measure.median(xavier, "accuracy") < 0.5
    assert measure.median(HE14, "accuracy") > 0.9


@claim(
    "30 layers are as accurate as 14",
    id="O3",
    source="ours",
    reading="trained for 120 epochs, within 5 points of each other, in most runs; on ImageNet the paper's were worse",
)
def test_thirty_layers_are_as_accurate(measure):
    assert abs(measure.median_difference(HE14, trained(layers=30, start="he", epochs=120), "accuracy")) < 0.05
