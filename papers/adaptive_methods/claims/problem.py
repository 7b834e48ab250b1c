"""The constructed problem of §3.3: two classes, one good feature, two useless ones, and some of each example's own.

An example with label y = 1 or -1 has the features

    y, 1, 1,    and, where no other example has any, 1 if y = 1, or 1, 1, 1, 1, 1 if y = -1.

The first one tells the classes apart. Linear least squares with more features than examples, started from zero.
"""

import numpy as np

from lrn.claims import population


def examples(rng, n, p):
    """Features (n, 3 + 5 n) and labels (n,) of n examples, of which about a share p is positive."""
    labels = np.where(rng.random(n) < p, 1.0, -1.0)
    own = np.zeros((n, n, 5))
    own[np.arange(n), np.arange(n), 0] = 1
    own[np.arange(n)[labels < 0], np.arange(n)[labels < 0]] = 1
    return np.hstack([labels[:, None], np.ones((n, 2)), own.reshape(n, 5 * n)]), labels


def gradient_descent(weights, gradient, state, step):
    """A constant step size."""
    return weights - 0.02 * gradient


def heavy_ball(weights, gradient, state, step):
    """Momentum 0.9."""
    state["velocity"] = 0.9 * state.get("velocity", 0.0) - 0.02 * gradient
    return weights + state["velocity"]


def adagrad(weights, gradient, state, step):
    """Duchi et al. (2011)."""
    state["sum"] = state.get("sum", 0.0) + gradient**2
    return weights - 0.05 * gradient / (np.sqrt(state["sum"]) + 1e-12)


def rmsprop(weights, gradient, state, step):
    """Tieleman & Hinton (2012), with a step size that falls, so that it converges."""
    state["mean"] = 0.9 * state.get("mean", 0.0) + 0.1 * gradient**2
    return weights - 0.02 / np.sqrt(step) * gradient / (np.sqrt(state["mean"]) + 1e-12)


def adam(weights, gradient, state, step):
    """Kingma & Ba (2015), with a step size that falls, so that it converges."""
    state["first"] = 0.9 * state.get("first", 0.0) + 0.1 * gradient
    state["second"] = 0.999 * state.get("second", 0.0) + 0.001 * gradient**2
    first, second = state["first"] / (1 - 0.9**step), state["second"] / (1 - 0.999**step)
    return weights - 0.02 / np.sqrt(step) * first / (np.sqrt(second) + 1e-12)


def cosine(a, b):
    """Of the angle between two vectors."""
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


METHODS = {
    "GD": gradient_descent,
    "heavy ball": heavy_ball,
    "AdaGrad": adagrad,
    "RMSProp": rmsprop,
    "Adam": adam,
}


@population(depends=["numpy"])
def solved(
    seed: int,
    *,
    method: str,
    p: float = 0.6,
    n: int = 50,
    batch: int = 0,
    start: float = 0.0,
    steps: int = 2000,
) -> dict[str, float | bool]:
    """One training set, and the solution that a method finds for it.

    Args:
        seed: of the training set, the order of batches and the start.
        method: one of METHODS.
        p: probability of a positive label.
        n: examples.
        batch: examples per step; 0 for all of them.
        start: standard deviation of the first weights; 0 to start from zero.
        steps: updates.

    Observes `fits` (every training example is on its side), `error` (the test error, exactly), `perfect` (it is 0),
    `half` (whether it is within 0.02 of 1/2), `one_answer` (whether every new example is called the same, whatever it
    is), and two cosines, of the angles between the solution and others: `cosine`, the one of least norm, and `signs`,
    the signs of X'y.
    """
    rng = np.random.default_rng(seed)
    features, labels = examples(rng, n, p)
    weights, state = start * rng.normal(size=features.shape[1]), {}
    for step in range(1, steps + 1):
        rows = rng.choice(n, batch, replace=False) if batch else slice(None)
        x, y = features[rows], labels[rows]
        weights = METHODS[method](weights, x.T @ (x @ weights - y) / len(y), state, step)
    least = np.linalg.lstsq(features, labels)[0]
    # A new example has features of its own that no weight was learned for: the first three decide.
    positive, negative = weights[0] + weights[1] + weights[2] > 0, -weights[0] + weights[1] + weights[2] > 0
    error = p * (not positive) + (1 - p) * bool(negative)
    return {
        "fits": bool((np.sign(features @ weights) == labels).all()),
        "error": float(error),
        "perfect": bool(positive and not negative),
        "half": bool(abs(error - 0.5) < 0.02),
        "one_answer": bool(positive == negative),
        "cosine": cosine(weights, least),
        "signs": cosine(weights, np.sign(features.T @ labels)),
    }
