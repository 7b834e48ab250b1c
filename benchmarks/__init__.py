"""How fast lrn trains, side by side with its alternatives: `python -m benchmarks`."""
