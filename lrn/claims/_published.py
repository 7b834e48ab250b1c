"""Published means, such as "93.1 ± 0.4" of five runs: read from their text, with an interval of their own."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from lrn.claims._samples import Sample

__all__ = ["PublishedMean", "PublishedSample", "read_published"]

_NUMBER = r"[-−]?\d+(?:\.\d+)?"
_FORM = re.compile(rf"\s*({_NUMBER})\s*(?:%\s*)?(?:±|\+/?-|\\pm)\s*({_NUMBER})\s*(%)?\s*")
_KINDS = ("sd", "se", "ci95")


@dataclass(frozen=True)
class PublishedMean:
    """A published mean.

    Attributes:
        text: as it was published.
        mean: the figure.
        rounding: by how much it may have been rounded.
        error: the standard error of the mean, at most.
        seeds: of how many runs it is the mean.
    """

    text: str
    mean: float
    rounding: float
    error: float
    seeds: int


class PublishedSample(Sample):
    """A published mean as evidence: Student's interval at the level of the suite, which no further seeds narrow.

    Args:
        published: the mean.
        goal: logarithm of the inverse of the error probability of each end.
    """

    def __init__(self, published: PublishedMean, goal: float) -> None:
        super().__init__(published.seeds, published.seeds, goal)
        self._published = published

    @property
    def assumption(self) -> str:
        """Published runs are taken to be normal."""
        return "normal"

    @property
    def point(self) -> float:
        """The mean as it was published."""
        return self._published.mean

    @property
    def ends(self) -> tuple[float, float]:
        """The interval."""
        from scipy import stats

        published = self._published
        width = stats.t.isf(math.exp(-self.goal), published.seeds - 1) * published.error + published.rounding
        return published.mean - float(width), published.mean + float(width)


def read_published(text: str, seeds: int, plus_minus: str = "sd") -> PublishedMean:
    """Returns a published mean; see `lrn.claims.reproduces` for the arguments.

    Raises:
        TypeError: the text is not text, or seeds is not a whole number.
        ValueError: the text cannot be read, or an argument is out of range.
    """
    if not isinstance(text, str):
        raise TypeError(f'a published mean must be text, such as "93.1 ± 0.4"; got {text!r}')
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f'a published mean must look like "93.1 ± 0.4"; got {text!r}')
    if isinstance(seeds, bool) or not isinstance(seeds, int):
        raise TypeError(f"seeds must be a whole number, of published runs; got {seeds!r}")
    if seeds < 2:
        raise ValueError(f"seeds must be at least 2, as one run has no spread; got {seeds}")
    if plus_minus not in _KINDS:
        raise ValueError(f"plus_minus must be one of {', '.join(_KINDS)}; got {plus_minus!r}")
    mean, spread = _number(match[1]), _number(match[2])
    if spread < 0 or (spread == 0 and "." not in match[2]):
        raise ValueError(f"what stands behind the ± must be positive; got {text!r}")
    scale = 0.01 if "%" in text else 1.0
    error = _error(spread + _half_unit(match[2]), seeds, plus_minus)
    return PublishedMean(text.strip(), scale * mean, scale * _half_unit(match[1]), scale * error, seeds)


def _number(text: str) -> float:
    return float(text.replace("−", "-"))


def _error(spread: float, seeds: int, plus_minus: str) -> float:
    """The standard error of the mean."""
    from scipy import stats

    if plus_minus == "sd":
        return spread / math.sqrt(seeds)
    return spread if plus_minus == "se" else spread / float(stats.t.isf(0.025, seeds - 1))


def _half_unit(number: str) -> float:
    """By how much a printed number may have been rounded: half a unit of its last digit."""
    return float(0.5 * 10.0 ** -len(number.partition(".")[2]))
