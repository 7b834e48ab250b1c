"""Wrong verdicts counted in simulated suites whose truth is known, judged by lrn's own code."""
