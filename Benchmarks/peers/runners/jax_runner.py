"""JAX: a jitted `lax.scan`, the input product for all steps before it, and its gradients by `jax.value_and_grad`.

XLA takes as many threads as there are processors that the driver has left to this process.
"""

import os

import protocol

arguments = protocol.Arguments(passes=("forward", "training"))
os.environ["JAX_PLATFORMS"] = "cpu"
if arguments.threads == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax  # noqa: E402  (reads the environment when it is imported)
import jax.numpy as jnp  # noqa: E402


def rnn(h, projected, r, c):
    """The state after a step, and the output, from W·x_t + b_ih."""
    h = jnp.tanh(projected + h @ r + c)
    return h, h


def lstm(state, projected, r, c):
    h, cell = state
    i, f, g, o = jnp.split(projected + h @ r + c, 4, axis=-1)
    cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(cell)
    return (h, cell), h


def gru(h, projected, r, c):
    reset, update, new = jnp.split(projected, 3, axis=-1)
    recurrent_reset, recurrent_update, recurrent_new = jnp.split(h @ r + c, 3, axis=-1)
    z = jax.nn.sigmoid(update + recurrent_update)
    n = jnp.tanh(new + jax.nn.sigmoid(reset + recurrent_reset) * recurrent_new)
    h = (1 - z) * n + z * h
    return h, h


def layer(x, w, r, b, c):
    """The outputs for x [T, B, I], w [I, G·H], r [H, G·H], b and c [G·H]."""
    zeros = jnp.zeros((x.shape[1], r.shape[0]))
    # All but the GRU add both biases, which is done once for all steps.
    early, late = (b, c) if arguments.cell == "gru" else (b + c, 0)
    start = (zeros, zeros) if arguments.cell == "lstm" else zeros
    step = {"rnn": rnn, "lstm": lstm, "gru": gru}[arguments.cell]
    return jax.lax.scan(lambda state, projected: step(state, projected, r, late), start, x @ w + early)[1]


def as_stored(x, w, r, b, c):
    """The outputs, for weights as PyTorch has them."""
    return layer(x, w.T, r.T, b, c)


def gradients(run):
    """A jitted function with the outputs, and the gradients of their sum with respect to everything."""

    def loss(*inputs):
        y = run(*inputs)
        return y.sum(), y

    def outputs_and_gradients(*inputs):
        (_, y), found = jax.value_and_grad(loss, argnums=range(5), has_aux=True)(*inputs)
        return y, *found

    return jax.jit(outputs_and_gradients)


def arrays(result):
    """The results by the names of their files; gradients of transposed weights are transposed back."""
    y, *found = result if arguments.trains else (result,)
    if name == TRANSPOSED:
        found = [gradient.T if gradient.ndim == 2 else gradient for gradient in found]
    return {"y": y} | {f"gradient_{key}": gradient for key, gradient in zip(inputs, found)}


TRANSPOSED = "weights transposed"
inputs = {name: jnp.array(arguments.array(name)) for name in ("x", *protocol.WEIGHTS)}
x, w, r, b, c = inputs.values()
w_transposed, r_transposed = (jnp.array(array.T, copy=True) for array in (w, r))
make = gradients if arguments.trains else jax.jit
stored, transposed = make(as_stored), make(layer)
calls = {
    "weights as PyTorch has them": lambda: jax.block_until_ready(stored(x, w, r, b, c)),
    TRANSPOSED: lambda: jax.block_until_ready(transposed(x, w_transposed, r_transposed, b, c)),
}
if not arguments.trains:
    constant = jax.jit(lambda x: as_stored(x, w, r, b, c))
    calls["weights as constants"] = lambda: constant(x).block_until_ready()
name, call = protocol.fastest(calls)
protocol.serve(arguments, f"{jax.__version__}, {name}", call, arrays)
