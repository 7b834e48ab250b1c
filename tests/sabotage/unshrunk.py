"""A pytest plugin for `make mutants`: hypothesis stops at the first counterexample, as nobody will read it."""

from hypothesis import Phase, settings

settings.register_profile(
    "unshrunk", phases=[Phase.explicit, Phase.generate], deadline=None, database=None, derandomize=True
)
settings.load_profile("unshrunk")
