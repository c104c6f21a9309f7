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


@jax.jit
def run(x, w, r, b):
    def step(h, projected):
        h = jnp.tanh(projected + h @ r.T)
        return h, h

    return jax.lax.scan(step, jnp.zeros((x.shape[1], r.shape[0])), x @ w.T + b)[1]


x, w, r, b, c = (jnp.array(arguments.array(name)) for name in ("x", *protocol.WEIGHTS))
b = b + c
protocol.serve(arguments, jax.__version__, lambda: run(x, w, r, b).block_until_ready())
