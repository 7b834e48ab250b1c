"""Labels in what people read leave out the settings that are defaults, where that leaves no doubt."""

from __future__ import annotations

from lrn.claims import population
from lrn.plugin._labels import ShortLabels

pytest_plugins = ["pytester"]


def observe(seed: int, *, depth: int = 2, norm: bool = False) -> dict[str, float]:
    return {"accuracy": seed / 100}


def test_settings_that_are_defaults_are_left_out():
    net, subnet = population(name="net")(observe), population(name="subnet")(observe)
    labels = ShortLabels.of([net(), net(depth=4), subnet(depth=2, norm=True)])
    text = "mean in net(depth=2, norm=False) less net(depth=4, norm=False); subnet(depth=2, norm=True)"
    assert labels.text(text) == "mean in net() less net(depth=4); subnet(norm=True)"
    assert labels.text("net(depth=8, norm=False)") == "net(depth=8, norm=False)", "not one of these"


def test_labels_that_would_be_the_same_stay_whole():
    def other(seed, *, depth=8, norm=False):
        return {}

    one, two = population(name="net")(observe)(), population(name="net")(other)()
    assert ShortLabels.of([one, two]).by_label == {}


def test_a_failure_is_told_with_short_labels_and_recorded_with_whole_ones(suite):
    _, verdicts = suite.judge(
        """
        from lrn.claims import population

        @population(version="1")
        def net(seed, *, depth=2, lr=0.1):
            return {"learned": seed % 3 == 0}

        @claim("Learns", id="L")
        def test_learns(measure):
            assert measure.rate(net(depth=4), "learned") > 0.5
        """
    )
    (verdict,) = verdicts.values()
    assert "net(depth=4, lr=0.1)" in verdict.reason
    shown = "\n".join(suite.run("--verdicts", "again.json").outlines)
    assert "rate of learned in net(depth=4) =" in shown
    assert "lr=0.1" not in shown
