"""How often the suite's verdicts are wrong, measured on claims of known truth: `python -m benchmarks.calibration`."""
