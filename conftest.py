"""Makes `claims` and `benchmarks` importable from the repository's root, where this file lies."""
