"""Random numbers, sums and functions that have the same bits on every machine.

Elsewhere a logarithm, a hyperbolic tangent or a sum depends in its last bit on the processor, on how libraries were
built for it, and on their versions. Here everything is made of operations that IEEE 754 rounds in one way only: sums,
products, quotients, square roots and powers of two. Where many numbers are added, the sums are exact, so that nobody's
order of adding shows.

Arrays are float64.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["exp", "gaussian", "log", "log10", "matmul", "normal", "normals", "tanh", "total", "uniforms"]

Array = NDArray[np.float64]

_PAIRS = 1 << 13
"""Pairs of normal numbers that are computed at once: intermediate results stay in the processor's cache."""
_LN2 = 0.6931471805599453
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # their sum; the first has bits to spare
_LN10 = 2.302585092994046
_EXP = [1 / math.factorial(n) for n in range(15)]
_ATANH = [1 / (2 * n + 1) for n in range(13)]  # of x², times x
_SIN = [(-1) ** n / math.factorial(2 * n + 1) for n in range(10)]  # of x², times x
_COS = [(-1) ** n / math.factorial(2 * n) for n in range(10)]  # of x²


def exp(x: ArrayLike) -> Array:
    """The exponential function, to about 16 digits.

    Example:
        >>> exp([0.0, 1.0]).tolist()
        [1.0, 2.718281828459045]
    """
    x = np.clip(np.asarray(x, np.float64), -746.0, 710.0)
    power = np.nan_to_num(np.rint(x / _LN2))
    rest = (x - power * _LN2_HIGH) - power * _LN2_LOW
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(_polynomial(_EXP, rest), power.astype(np.int32))


def log(x: ArrayLike) -> Array:
    """The natural logarithm of positive numbers, to about 16 digits; -inf of 0, NaN of negative ones.

    Example:
        >>> log([1.0, 2.0]).tolist()
        [0.0, 0.6931471805599453]
    """
    x = np.asarray(x, np.float64)
    mantissa, exponent = np.frexp(np.where(np.isfinite(x) & (x > 0), x, 1.0))
    small = mantissa < math.sqrt(0.5)
    mantissa, exponent = np.where(small, mantissa * 2, mantissa), exponent - small
    ratio = (mantissa - 1) / (mantissa + 1)
    logarithm = exponent * _LN2 + 2 * ratio * _polynomial(_ATANH, ratio * ratio)
    return np.where(x == 0, -np.inf, np.where(x < 0, np.nan, np.where(np.isfinite(x), logarithm, x)))


def log10(x: ArrayLike) -> Array:
    """The decimal logarithm, as `log`.

    Example:
        >>> log10(0.0).item()
        -inf
    """
    return log(x) / _LN10


def tanh(x: ArrayLike) -> Array:
    """The hyperbolic tangent, to about 1e-16 of 1.

    Example:
        >>> tanh([0.0, 100.0]).tolist()
        [0.0, 1.0]
    """
    x = np.asarray(x, np.float64)
    return np.copysign(1 - 2 / (exp(2 * np.abs(x)) + 1), x)


def normal(generator: np.random.Generator, shape: int | tuple[int, ...]) -> Array:
    """Standard normal numbers, from the generator's uniform ones (Box & Muller, 1958).

    numpy's own take logarithms from the system, which has several. Of one generator, the first numbers are the same
    however many are drawn.

    Args:
        generator: any whose uniform numbers are the same everywhere, such as one of `numpy.random.Philox`.
        shape: of the result.

    Example:
        >>> normal(np.random.Generator(np.random.Philox(key=1)), (2, 3)).shape
        (2, 3)
    """
    count = math.prod(shape) if isinstance(shape, tuple) else shape
    return gaussian(generator.random(((count + 1) // 2, 2))).reshape(-1)[:count].reshape(shape)


def normals(keys: Iterable[int | tuple[int, int]], shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """Standard normal numbers of many generators at once: those that `normal` draws from each, shape by shape.

    Args:
        keys: of S generators, each a `numpy.random.Philox`.
        shapes: of the arrays that each generator draws, in this order.

    Returns:
        For each shape an array (S, *shape).

    Example:
        >>> [a.shape for a in normals(range(5), [(2, 3), (4,)])]
        [(5, 2, 3), (5, 4)]
    """
    counts = list(map(math.prod, shapes))
    pairs = [(count + 1) // 2 for count in counts]
    numbers = uniforms(keys, 2 * sum(pairs))
    step = 2 * max(1, _PAIRS // max(1, len(numbers)))
    for start in range(0, 2 * sum(pairs), step):
        part = numbers[:, start : start + step]
        part[:] = gaussian(part.reshape(len(part), -1, 2)).reshape(part.shape)
    arrays, start = list[Array](), 0
    for shape, count, size in zip(shapes, counts, pairs, strict=True):
        arrays.append(numbers[:, start : start + count].reshape(len(numbers), *shape))
        start += 2 * size
    return arrays


def uniforms(keys: Iterable[int | tuple[int, int]], count: int) -> Array:
    """The first uniform numbers of many generators, each a `numpy.random.Philox` with one of these keys.

    Returns:
        Shape (S, count), in [0, 1).

    Example:
        >>> uniforms([1, (1, 0)], 3).shape
        (2, 3)
    """
    keys = list(keys)
    # One generator that takes every key: making one takes seven times as long.
    philox = np.random.Philox(key=0)
    generator, state = np.random.Generator(philox), philox.state
    numbers = np.empty((len(keys), count))
    for row, key in zip(numbers, keys, strict=True):
        state["state"]["key"][:] = key if isinstance(key, tuple) else (key, 0)
        philox.state = state
        generator.random(out=row)
    return numbers


def gaussian(uniform: Array) -> Array:
    """Standard normal numbers, a pair from each pair of uniform ones (Box & Muller, 1958).

    Args:
        uniform: shape (*, 2), in [0, 1).

    Returns:
        Shape (*, 2).

    Example:
        >>> gaussian(np.array([0.0, 0.5])).tolist()
        [-0.0, 0.0]
    """
    radius, turns = uniform[..., 0], uniform[..., 1]
    return np.stack(_on_circle(turns), axis=-1) * np.sqrt(-2 * log(1 - radius))[..., None]


def matmul(a: Array, b: Array) -> Array:
    """The product of matrices, to about 13 digits of its largest terms.

    Each factor is split into two parts of so few bits that all their products and sums are exact: how BLAS goes about
    it does not show. The product of the two small parts is left out.

    Args:
        a: shape (*, M, K), less than 2 ** 990.
        b: shape (*, K, N), less than 2 ** 990.

    Returns:
        Shape (*, M, N).

    Source:
        Ozaki, Ogita, Oishi & Rump (2012), Error-free transformations of matrix multiplication.

    Example:
        >>> matmul(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])).tolist()
        [[11.0]]
    """
    bits = (53 - math.ceil(math.log2(max(a.shape[-1], 1)))) // 2
    a_high, a_low = _parts(a, bits)
    b_high, b_low = _parts(b, bits)
    product = a_high @ b_low
    product += a_low @ b_high
    product += a_high @ b_high
    return product


def total(x: Array, axis: int = -1) -> Array:
    """The sum along an axis, its second half added to its first until one number is left.

    numpy's own order of adding has changed from one version to the next.

    Example:
        >>> total(np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]])).tolist()
        [7.0, 56.0]
    """
    x = np.moveaxis(x, axis, -1)
    while x.shape[-1] > 1:
        half = x.shape[-1] // 2
        x = np.concatenate([x[..., :half] + x[..., half : 2 * half], x[..., 2 * half :]], axis=-1)
    return x[..., 0] if x.shape[-1] else np.zeros(x.shape[:-1])


def _parts(x: Array, bits: int) -> tuple[Array, Array]:
    """Two arrays that nearly sum to x, each of whole multiples of a power of two, 2 ** bits at most."""
    x = np.ascontiguousarray(x)  # BLAS takes half as long as with a transposed view
    largest = np.maximum(
        x.max(axis=(-2, -1), keepdims=True, initial=0.0), -x.min(axis=(-2, -1), keepdims=True, initial=0.0)
    )
    _, exponent = np.frexp(largest)
    unit = np.ldexp(1.0, exponent - bits)
    high = _round_to(unit, x.copy())
    return high, _round_to(np.ldexp(unit, -bits - 1), x - high)


def _round_to(unit: Array, x: Array) -> Array:
    """Rounds x in place to whole multiples of a power of two; x is 2 ** 51 units at most.

    Next to 1.5 * 2 ** 52 units, a float64 has no bits for less than one unit.
    """
    shift = unit * (1.5 * 2.0**52)
    x += shift
    x -= shift
    return x


def _on_circle(turns: Array) -> tuple[Array, Array]:
    """Cosine and sine of an angle given as a number of turns."""
    quarter = np.rint(turns * 4)
    angle = (turns * 4 - quarter) * (np.pi / 2)
    square = angle * angle
    cosine, sine = _polynomial(_COS, square), angle * _polynomial(_SIN, square)
    quarters = quarter.astype(np.int64)
    odd, half = quarters & 1 == 1, quarters & 2 == 2
    cosine, sine = np.where(odd, -sine, cosine), np.where(odd, cosine, sine)
    return np.where(half, -cosine, cosine), np.where(half, -sine, sine)


def _polynomial(coefficients: Sequence[float], x: Array) -> Array:
    """Σ c_n x^n."""
    value = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        value *= x
        value += coefficient
    return value
