"""JAX: the training of one network as a `lax.scan` over epochs, `vmap` over networks, `jit` around it all."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp

from benchmarks.peers import Run
from benchmarks.peers._layers import layers
from lrn.experiment import Experiment


def prepare(experiment: Experiment, initial: NDArray[np.float32]) -> Run:
    e = experiment
    x, t = jnp.float32(e.data.x_standardised), jnp.float32(e.data.t_standardised)

    def loss(parameters: Any) -> Any:
        *hidden, output = parameters
        outputs = [x]
        for weight, bias in hidden:
            outputs.append(jax.nn.relu(outputs[-1] @ weight.T + bias))
        h = jnp.concatenate(outputs[1:], axis=1) if e.connection == "late" else outputs[-1]
        return jnp.mean((h @ output[0].T + output[1] - t) ** 2)

    def epoch(state: Any, correction: Any) -> Any:
        (parameters, first, second), (rate, root) = state, correction
        g = jax.grad(loss)(parameters)
        first = jax.tree.map(lambda m, g: m + (1 - 0.9) * (g - m), first, g)
        second = jax.tree.map(lambda v, g: 0.999 * v + (1 - 0.999) * g * g, second, g)
        parameters = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) * root + 1e-8), parameters, first, second)
        return (parameters, first, second), None

    def train(epochs: int, parameters: Any) -> Any:
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        k = np.arange(1, epochs + 1)  # in float64: 1 - 0.999**k loses four digits in float32
        corrections = jnp.float32(e.lr / (1 - 0.9**k)), jnp.float32(1 / np.sqrt(1 - 0.999**k))
        (parameters, _, _), _ = jax.lax.scan(epoch, (parameters, zeros, zeros), corrections)
        return jnp.sqrt(loss(parameters)) * e.data.target_scale

    @partial(jax.jit, static_argnums=0)
    def train_all(epochs: int, parameters: Any) -> Any:
        return jax.vmap(partial(train, epochs))(parameters)

    stacked = jax.tree.map(jnp.asarray, layers(e, initial))
    return lambda epochs: np.asarray(train_all(epochs, stacked))
