"""The plugin is loaded by every pytest session: it must be light, and silent where there is no claim."""

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]


@pytest.mark.parametrize("heavy", ["torch", "numpy", "scipy", "pyarrow", "lrn.claims"])
def test_importing_the_plugin_loads_nothing_heavy(heavy):
    code = f"import sys, lrn.plugin; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_session_without_claims_loads_nothing_heavy_and_says_nothing(suite):
    suite.pytester.makepyfile("""
        import sys

        def test_it():
            heavy = {"torch", "numpy", "scipy", "pyarrow", "lrn.intervals", "lrn.claims"}
            assert not heavy & set(sys.modules)
    """)
    arguments = ["-p", "lrn.plugin", "-p", "no:cacheprovider", "--verdicts=v.json"]
    result = suite.pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*supported*")
    result.stdout.no_fnmatch_line("*verdicts*written*")
    assert not (suite.pytester.path / "v.json").exists()
    assert not (suite.pytester.path / "reports").exists()
