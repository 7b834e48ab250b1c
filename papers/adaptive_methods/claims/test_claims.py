"""Abstract and §3: on the constructed problem gradient descent generalises and adaptive methods do not."""

import pytest
from problem import solved

from lrn.claims import claim

ADAPTIVE = ["AdaGrad", "RMSProp", "Adam"]
BATCHES = [1, 10]


@claim("GD and SGD achieve zero test error", id="W1", source="abstract, §3.3", reading="95 % of training sets")
@pytest.mark.parametrize("p", [0.51, 0.6, 0.75])
@pytest.mark.parametrize("batch", [0, 1], ids=["GD", "SGD"])
def test_gradient_descent_makes_no_error(measure, batch, p):
    assert measure.rate(solved(method="GD", batch=batch, p=p), "perfect") > 0.95


@claim("So does the heavy ball", id="W1-momentum", source="§3", reading="95 % of training sets")
def test_momentum_makes_no_error(measure):
    assert measure.rate(solved(method="heavy ball"), "perfect") > 0.95


@claim("Adaptive methods give one answer to everything", id="W2", source="§3.3", reading="nine training sets of ten")
@pytest.mark.parametrize("p", [0.6, 0.75])
@pytest.mark.parametrize("method", ADAPTIVE)
def test_adaptive_methods_give_one_answer(measure, method, p):
    assert measure.rate(solved(method=method, p=p), "one_answer") > 0.9


@claim(
    "Their test error is close to half", id="W2-half", source="abstract", reading="p = 0.51, nine training sets of ten"
)
@pytest.mark.parametrize("method", ADAPTIVE)
def test_the_error_is_close_to_half(measure, method):
    assert measure.rate(solved(method=method, p=0.51), "half") > 0.9


@claim("They find drastically different solutions", id="W3", source="abstract", reading="more than 60 degrees away")
@pytest.mark.parametrize("method", ADAPTIVE)
def test_adaptive_methods_find_other_solutions(measure, method):
    assert measure.median(solved(method=method), "cosine") < 0.5
    assert measure.median(solved(method="GD"), "cosine") > 0.99


@claim("Adaptive methods converge to the signs of X'y", id="W5", source="§3", reading="within 3 degrees, p = 0.75")
@pytest.mark.parametrize("method", ADAPTIVE)
def test_adaptive_methods_converge_to_signs(measure, method):
    assert measure.median(solved(method=method, p=0.75), "signs") > 0.9987


@claim("Gradient descent finds the solution of least norm", id="W6", source="§3", reading="within 8 degrees")
@pytest.mark.parametrize("method", ["GD", "heavy ball"])
def test_gradient_descent_finds_the_least_norm(measure, method):
    assert measure.median(solved(method=method), "cosine") > 0.99


@claim("All methods fit the training set", id="W4", source="§3.3", reading="95 % of training sets")
@pytest.mark.parametrize("method", ["GD", *ADAPTIVE])
def test_every_method_fits(measure, method):
    assert measure.rate(solved(method=method), "fits") > 0.95


@claim("In batches adaptive methods make no error", id="O1", source="ours", reading="nine training sets of ten")
@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("method", ADAPTIVE)
def test_adaptive_methods_make_no_error_in_batches(measure, method, batch):
    assert measure.rate(solved(method=method, batch=batch), "perfect") > 0.9


@claim("In batches their solutions still differ", id="O2", source="ours", reading="by more than 30 degrees")
@pytest.mark.parametrize("method", ADAPTIVE)
def test_solutions_differ_in_batches(measure, method):
    assert measure.median(solved(method=method, batch=10), "cosine") < 0.866


@claim("From a small random start they fail too", id="O3", source="ours", reading="on most training sets")
@pytest.mark.parametrize("method", ADAPTIVE)
def test_adaptive_methods_fail_from_a_random_start(measure, method):
    assert measure.rate(solved(method=method, start=0.1), "one_answer") > 0.5
