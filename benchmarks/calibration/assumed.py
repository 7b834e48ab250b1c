"""Suites of claims that rest on an assumption, which is true of their populations; and medians of differences."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from scipy import special

from benchmarks.calibration.stated import Kind, Metric, Synthetic
from lrn.claims import Estimate, Measure

__all__ = ["assumed_kinds"]


def assumed_kinds() -> tuple[Kind, ...]:
    """The quantities of each kind: of one population, of two that share a part of each seed, and with a condition."""
    a, b = _pair(60)
    normal: Mapping[str, object] = {"assume": "normal"}
    symmetric: Mapping[str, object] = {"assume": "symmetric"}
    subgaussian: Mapping[str, object] = {"assume": "subgaussian", "sd": 1.0}
    return (
        Kind(
            "assumed normal, after every seed",
            (
                (partial(_mean, a, "normal", normal), 0.0, 10.0),
                (partial(_less, a, b, "normal", normal), 0.0, 10.0),
                (partial(_mean, a, "alone", {**normal, "given": "low v"}), 0.0, 10.0),
            ),
        ),
        Kind(
            "assumed symmetric, after every seed",
            (
                (partial(_mean, a, "heavy", symmetric), 0.0, 10.0),
                (partial(_less, a, b, "normal", symmetric), 0.0, 10.0),
                (partial(_mean, b, "sign", symmetric), 0.0, 10.0),
            ),
        ),
        Kind(
            "assumed subgaussian, after every seed",
            (
                (partial(_mean, a, "alone", subgaussian), 0.0, 10.0),
                (partial(_mean, a, "sign", subgaussian), 0.0, 10.0),
                (partial(_less, a, b, "sign", subgaussian), 0.0, 10.0),
            ),
        ),
        Kind(
            "median of differences, after every seed",
            (
                (lambda m: m.median_difference(a, b, "normal"), 0.0, 10.0),
                (lambda m: m.median_difference(a, b, "heavy"), 0.0, 10.0),
                (lambda m: m.median_difference(a, b, "normal", given="low u"), 0.0, 10.0),
            ),
        ),
    )


def _pair(stream: int) -> tuple[Synthetic, Synthetic]:
    """Two populations that share one of the two numbers of each seed; all metrics are symmetric about 0."""

    def of(turn: float) -> dict[str, Metric]:
        return {
            "normal": lambda u, v: special.ndtri(u) + turn * special.ndtri(v),
            "heavy": lambda u, v: np.tan(np.pi * (u - 0.5)) + turn * (v - 0.5),
            "sign": lambda u, v: np.where((u if turn > 0 else v) < 0.5, -1.0, 1.0),
            "alone": lambda u, v: special.ndtri(u),
            "low u": lambda u, v: u < 0.5,
            "low v": lambda u, v: v < 0.5,
        }

    return Synthetic(f"a ({stream})", stream, of(0.5)), Synthetic(f"b ({stream})", stream, of(-0.5))


def _mean(population: Synthetic, metric: str, options: Mapping[str, object], measure: Measure) -> Estimate:
    return measure.mean(population, metric, **options)  # type: ignore[arg-type]


def _less(a: Synthetic, b: Synthetic, metric: str, options: Mapping[str, object], measure: Measure) -> Estimate:
    return measure.mean(a, metric, **options) - measure.mean(b, metric, **options)  # type: ignore[arg-type]
