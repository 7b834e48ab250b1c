"""How runs look where they are printed."""

import re

from lrn import Experiment, train


def test_runs_are_one_line():
    runs = train(Experiment(depth=2, epochs=2), range(5, 9))
    assert re.fullmatch(
        r"<4 networks of .*depth 2.*; seeds 5 to 8; converged \d of 4 \(.*%\); dead neurons .* of 4 on average; "
        r"dead layers .* of 2 on average>",
        repr(runs),
    )
    assert "seeds 2 of 5 to 8" in repr(runs.select([0, 3]))
    assert "0 networks" in repr(runs.select(slice(0)))


def test_notebooks_show_a_small_table():
    shown = train(Experiment(depth=2, epochs=2), range(4))._repr_html_()
    assert shown.count("<tr>") == 6
    assert "seeds</th><td>0 to 3<" in shown
