"""Calls the compiled functions of the native engine as no careful caller would; run by test_native_boundary.py.

A process of its own, so that a crash ends this and not pytest. `python native_boundary.py EXAMPLES` ends with 0 and the
counts of calls that trained and that were refused, or with the traceback of an example that broke a rule.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lrn import Experiment
from lrn.engines.native import _native, variants
from lrn.experiment import CHOICES, DRAWN_BY_ENGINES

GUARD = 0x5A
"""What lies before and behind every array; a write past its ends shows."""

EDGES = [65_536, 65_537, 10_000_001, 2**31 - 1, -(2**31), 2**31, 2**63, -(2**63), 2**64]
INTEGERS = st.one_of(st.integers(-3, 12), st.sampled_from(EDGES))
FLOATS = st.one_of(st.floats(), st.sampled_from([0.01, 1e30, -1.0, 0.0, 1e-320]))
DTYPES = st.sampled_from(["float16", "float32", "float64", "complex64", "int32", "int64", "uint8", "uint64", "bool"])
SHAPES = st.lists(st.integers(0, 6), max_size=4).map(tuple)
KINDS = ("connection", "optimizer", "activation", "initial", "norm")
NUMBERS = ("depth", "width", "epochs", "threads", "connection", "optimizer", "activation", "initial_weights", "norm")
NUMBERS += ("classes", "last", "batch", "part")
INPUTS = ("x", "t", "seeds", "layers", "read", "train_x", "train_y", "test_x", "order")
OUTPUTS = ("rmse", "rmse_initial", "converged_at", "dead", "prediction", "parameters", "trace")
OUTPUTS += ("first_gradient", "last_gradient", "loss", "accuracy", "gradient", "predicted", "silent")
CONVOLUTION, NORM, SUM = range(3)


def guarded(shape: tuple[int, ...], dtype: Any, fill: Any = 0) -> tuple[np.ndarray, np.ndarray]:
    """An array in the middle of a longer one, and the longer one as bytes."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    whole = np.full(size + 128, GUARD, np.uint8)
    inner = whole[64 : 64 + size].view(dtype).reshape(shape)
    inner[...] = fill
    return inner, whole


def spread(*shape: int) -> np.ndarray:
    return np.linspace(-1, 1, int(np.prod(shape))).reshape(shape)


def intact(whole: np.ndarray) -> bool:
    return bool((whole[:64] == GUARD).all() and (whole[-64:] == GUARD).all())


def guarded_arrays(
    specifications: dict[str, tuple[tuple[int, ...], str, Any]],
) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """An array for each name, of that shape, type and contents; and the memory around them all."""
    arrays, memory = {}, []
    for name, (shape, dtype, fill) in specifications.items():
        arrays[name], whole = guarded(shape, dtype, fill)
        memory.append(whole)
    return arrays, memory


def addends(shapes: list[tuple[int, int, int]], channels: int, size: tuple[int, int], stride: int) -> Iterator[int]:
    """The tensors that a layer of so many channels and that size can add to its own."""
    for index, (c, h, w) in enumerate(shapes):
        if c <= channels and ((h - 1) // stride + 1, (w - 1) // stride + 1) == size:
            yield index


@st.composite
def layers_of(
    draw: Any, image: tuple[int, int, int], fewest: int
) -> tuple[list[list[int]], list[tuple[int, int, int]], int]:
    """Layers that fit, the shapes of all tensors, number of parameters; passes have at least `fewest` images."""
    shapes, layers, parameters = [image], [], 0
    for index in range(draw(st.integers(1, 6))):
        source = draw(st.integers(0, index))
        c, h, w = shapes[source]
        kind = draw(st.sampled_from([CONVOLUTION, CONVOLUTION, NORM, SUM])) if index else CONVOLUTION
        kind = CONVOLUTION if kind == NORM and fewest * h * w < 2 else kind
        other, channels, kernel, stride, biased = -1, c, 1, 1, 0
        if kind == CONVOLUTION:
            channels, kernel = draw(st.integers(1, 6)), draw(st.sampled_from([1, 3, 5]))
            stride, biased = draw(st.integers(1, 3)), draw(st.integers(0, 1))
            parameters += channels * c * kernel**2 + biased * channels
            shapes.append((channels, (h - 1) // stride + 1, (w - 1) // stride + 1))
        else:
            if kind == SUM and draw(st.booleans()):
                stride = draw(st.integers(1, 2))
                fit = list(addends(shapes, c, (h, w), stride))
                other = draw(st.sampled_from(fit)) if fit else -1
            parameters += 2 * c * (kind == NORM)
            shapes.append((c, h, w))
        layers.append([kind, source, other, channels, kernel, stride, biased, draw(st.integers(0, 1))])
    return layers, shapes, parameters


@st.composite
def sound_images(draw: Any) -> tuple[str, dict[str, Any], list[np.ndarray]]:
    """Arguments of what trains on images that fit together, and the memory around the arrays."""
    real, small = draw(st.sampled_from(["float32", "float64"])), st.integers(1, 5)
    image, batch, part = (draw(small), draw(small), draw(small)), draw(small), draw(small)
    N, M, S, classes, epochs = (
        batch + draw(st.integers(0, 9)),
        draw(small),
        draw(st.integers(0, 5)),
        draw(small),
        draw(small) - 1,
    )
    fewest = min(N % batch or batch, N // -(-N // part))
    layers, shapes, P = draw(layers_of(image, fewest))
    read = draw(st.lists(st.integers(0, len(layers)), min_size=1, max_size=3, unique=True))
    P += classes * (1 + sum(shapes[t][0] for t in read))
    A = 0
    for shape, layer in zip(shapes[1:], layers, strict=True):
        A += shape[0] if layer[-1] else 0
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    values = draw(st.sampled_from([None, 0.5, -1e30, np.nan, np.inf, 0.0, 1e-40]))
    specifications = {
        "layers": ((len(layers), 8), "int32", np.array(layers)),
        "read": ((len(read),), "int32", np.array(read)),
        "train_x": ((N, *image), real, rng.normal(size=(N, *image))),
        "train_y": ((N,), "int32", rng.integers(0, classes, N)),
        "test_x": ((M, *image), real, rng.normal(size=(M, *image))),
        "order": ((S, epochs, N), "int32", rng.integers(0, N, (S, epochs, N))),
        "initial": ((S, P), real, rng.normal(size=(S, P)) if values is None else values),
        "first_gradient": ((S,), real, 0),
        "last_gradient": ((S,), real, 0),
        **dict.fromkeys(("loss", "accuracy", "gradient"), ((S, epochs, -(-N // batch)), real, 0)),
        "predicted": ((S, M), "int32", 0),
        "silent": ((S, A), "uint8", 0),
    }
    arrays, memory = guarded_arrays(specifications)
    call = {
        "classes": classes,
        "last": max(k for k, layer in enumerate(layers) if layer[0] == CONVOLUTION),
        "batch": batch,
        "part": part,
        "epochs": epochs,
        "lr": draw(st.sampled_from([1e-30, 0.01, 1.0, 1e30])),
        "momentum": draw(st.sampled_from([0.0, 0.9])),
        "threads": draw(st.integers(1, 3)),
        **arrays,
    }
    return f"classify_{real}", call, memory


@st.composite
def sound_fleet(draw: Any) -> tuple[str, dict[str, Any], list[np.ndarray]]:
    """Arguments of what trains a fleet that fit together, and the memory around the arrays."""
    real, count = draw(st.sampled_from(["float32", "float64"])), st.integers(1, 5)
    known = CHOICES | {"initial": DRAWN_BY_ENGINES}
    kinds = {name: draw(st.sampled_from(known[name])) for name in KINDS}
    style = "batch" if kinds["norm"] == "batch" else draw(st.sampled_from(CHOICES["style"]))
    epochs = draw(st.integers(1, 70))
    e = Experiment(**kinds, style=style, depth=draw(count), width=draw(count), epochs=epochs)
    S = draw(st.integers(0, 23))
    N, features, outputs = draw(st.tuples(*[st.integers(1, 23)] * 3))
    if draw(st.booleans()):
        features = outputs = 1
    W, D, read = e.width, e.depth, e.shapes[-1][1] + 1
    P = e.parameters - 2 * W - read + W * (features + 1) + outputs * read
    seeds = np.arange(S, dtype=np.uint64) + np.uint64(draw(st.sampled_from([0, 2**63, 2**64 - 30])))
    values = draw(st.sampled_from([0.5, -1e30, 1e30, np.nan, np.inf, 0.0, 1e-40]))
    specifications = {
        "x": ((N, features), real, values if draw(st.booleans()) else spread(N, features)),
        "t": ((N, outputs), real, values if draw(st.booleans()) else spread(N, outputs)),
        "seeds": ((S,), "uint64", seeds),
        "initial": ((S, P), real, values),
        "rmse": ((S,), real, 0),
        "rmse_initial": ((S,), real, 0),
        "converged_at": ((S,), "int32", 0),
        "dead": ((S, D, W), "uint8", 0),
        "prediction": ((S, N * outputs), real, 0),
        "parameters": ((S, P), real, 0),
        "trace": ((S, epochs), real, 0),
    }
    left_out = [name for name in ("initial", "parameters", "trace") if draw(st.booleans())]
    for name in left_out:
        del specifications[name]
    arrays, memory = guarded_arrays(specifications)
    call = {
        **{name: CHOICES[name].index(kind) for name, kind in kinds.items() if name != "initial"},
        "depth": e.depth,
        "width": e.width,
        "epochs": epochs,
        "initial_weights": CHOICES["initial"].index(e.initial),
        "iterative": style == "iterative",
        "lr": draw(st.sampled_from([1e-30, 0.01, 1.0, 1e30])),
        "target_scale": 0.3,
        "threshold": 0.07,
        "threads": draw(st.integers(1, 3)),
        "progress": draw(st.sampled_from([None, lambda done: None])),
        **dict.fromkeys(left_out),
        **arrays,
    }
    return f"train_{real}", call, memory


def sound() -> Any:
    """The name of a function, arguments that fit together, and the memory around their arrays."""
    return st.one_of(sound_fleet(), sound_images())


@st.composite
def spoilt(draw: Any) -> tuple[str, dict[str, Any], list[np.ndarray], str]:
    """The same with one argument that does not fit, and its name."""
    function, call, memory = draw(sound())
    name = draw(st.sampled_from(sorted(call.keys() - {"progress", "iterative"})))
    if name in NUMBERS:
        value: Any = draw(INTEGERS.filter(lambda n: name != "epochs" or not 100 < n <= 10_000_000))  # which takes long
    elif name in ("layers", "read", "train_y", "order") and draw(st.booleans()):
        value = call[name].copy()
        if value.size:
            value.flat[draw(st.integers(0, value.size - 1))] = draw(INTEGERS.filter(lambda n: -(2**31) <= n < 2**31))
    elif name in ("lr", "target_scale", "threshold", "momentum"):
        value = draw(st.one_of(FLOATS, st.sampled_from(["x", None, 1j])))
    else:
        value = draw(st.one_of(st.none(), st.sampled_from(["x", 3, [1.0]]), arrays_of_any_kind()))
    return function, call | {name: value}, memory, name


@st.composite
def arrays_of_any_kind(draw: Any) -> np.ndarray:
    array = np.zeros(draw(SHAPES), draw(DTYPES))
    way = draw(st.sampled_from(["plain", "strided", "backwards", "fortran", "read-only"]))
    if way == "strided" and array.ndim:
        array = np.repeat(array, 2, axis=-1)[..., ::2]
    elif way == "backwards" and array.ndim:
        array = array[::-1]
    elif way == "fortran":
        array = np.asfortranarray(array)
    array.setflags(write=way != "read-only")
    return array


def outcome(function: str, variant: Any, call: dict[str, Any]) -> str:
    """How a call ended; any exception but a refusal in words passes through."""
    try:
        getattr(_native, function)(variant, **call)
        return "trained"
    except (ValueError, TypeError, MemoryError) as error:
        message = str(error)
    assert message.strip(), "refused without a word"
    return "refused"


def contents(call: dict[str, Any], names: tuple[str, ...]) -> dict[str, bytes]:
    """The bytes of the arrays that are present."""
    return {name: call[name].tobytes() for name in names if isinstance(call.get(name), np.ndarray)}


def main(examples: int) -> None:
    """Runs the three rules below on that many examples each."""
    names, count = [variant.name for variant in variants()], Counter()
    rules = settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )

    @rules
    @given(sound(), st.sampled_from(names))
    def what_fits_trains_within_its_arrays(example: Any, variant: str) -> None:
        function, call, memory = example
        how = outcome(function, variant, call)
        assert how == "trained", how
        assert all(map(intact, memory)), "written outside of an array"
        once = contents(call, OUTPUTS)
        outcome(function, variant, call | {"threads": 1} | ({"progress": None} if "progress" in call else {}))
        assert contents(call, OUTPUTS) == once, "another number of threads gave other bits"
        count[how] += 1

    @rules
    @given(spoilt(), st.sampled_from(names))
    def what_does_not_fit_is_refused_or_trains_within_its_arrays(example: Any, variant: str) -> None:
        function, call, memory, name = example
        read, before = contents(call, INPUTS), contents(call, OUTPUTS)
        how = outcome(function, variant, call)
        assert all(map(intact, memory)), f"written outside of an array, for {name}"
        if how == "refused":
            assert contents(call, OUTPUTS) == before, f"something was written, and {name} refused"
        assert contents(call, INPUTS) == read, "an input was written to"
        count[how] += 1

    @rules
    @given(sound(), st.one_of(st.text(max_size=3), st.none(), st.integers()))
    def a_variant_that_is_none_is_refused(example: Any, variant: Any) -> None:
        function, call, _ = example
        assert variant in names or outcome(function, variant, call) == "refused"
        count["refused"] += 1

    what_fits_trains_within_its_arrays()
    what_does_not_fit_is_refused_or_trains_within_its_arrays()
    a_variant_that_is_none_is_refused()
    print(f"{count['trained']} trained, {count['refused']} refused")


if __name__ == "__main__":
    main(int(sys.argv[1]))
