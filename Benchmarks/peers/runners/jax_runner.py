"""JAX: a jitted `lax.scan`, the input product for all steps before it.

XLA takes as many threads as there are processors that the driver has left to this process.
"""

import os

import protocol

arguments = protocol.Arguments()
os.environ["JAX_PLATFORMS"] = "cpu"
if arguments.threads == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax  # noqa: E402  (reads the environment when it is imported)
import jax.numpy as jnp  # noqa: E402


def layer(x, w, r, b):
    """The outputs for x [T, B, I], w [I, H], r [H, H] and b [H]."""

    def step(h, projected):
        h = jnp.tanh(projected + h @ r)
        return h, h

    return jax.lax.scan(step, jnp.zeros((x.shape[1], r.shape[0])), x @ w + b)[1]


x, w, r, b, c = (jnp.array(arguments.array(name)) for name in ("x", *protocol.WEIGHTS))
b = b + c
as_stored = jax.jit(lambda x, w, r, b: layer(x, w.T, r.T, b))
transposed = jax.jit(layer)
constant = jax.jit(lambda x: layer(x, w.T, r.T, b))
w_transposed, r_transposed = (jnp.array(array.T, copy=True) for array in (w, r))
name, call = protocol.fastest(
    {
        "weights as PyTorch has them": lambda: as_stored(x, w, r, b).block_until_ready(),
        "weights transposed": lambda: transposed(x, w_transposed, r_transposed, b).block_until_ready(),
        "weights as constants": lambda: constant(x).block_until_ready(),
    }
)
protocol.serve(arguments, f"{jax.__version__}, {name}", call)
