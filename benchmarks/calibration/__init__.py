"""How often the suite's verdicts are wrong, measured on claims whose truth is known: `python -m benchmarks.calibration`."""
