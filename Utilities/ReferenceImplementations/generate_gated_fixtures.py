"""Generates golden fixtures for nn.LSTM, nn.GRU and their cells from PyTorch's own results.

Names of tensors and metadata are those of generate_fixtures.py; an LSTM's second state is called initial_cell and
final_cell, its loss weights final_cell_gradient and its gradient gradient.initial_cell. A cell's results are output and,
of an LSTMCell, final_cell.
"""

import argparse
from pathlib import Path

import torch
from torch import nn

from generate_fixtures import describe, random, seed_of
from stable_safetensors import save

LAYERS = [
    # layers, bias, batch_first, unbatched, state, T, B, I, H
    (1, True, False, False, True, 3, 2, 4, 7),
    (1, True, False, True, False, 4, 1, 3, 9),
    (1, False, True, False, True, 2, 3, 5, 8),
    (1, True, True, False, False, 3, 5, 1, 17),
    (2, True, False, False, True, 3, 3, 4, 5),
    (2, False, False, True, True, 3, 1, 2, 6),
    (2, True, True, False, False, 2, 4, 6, 3),
    (3, True, False, False, True, 2, 2, 3, 4),
    (1, True, False, False, False, 1, 1, 1, 1),
    (2, True, False, False, True, 2, 0, 3, 4),
]
CELLS = [
    # bias, unbatched, state, B, I, H
    (True, False, True, 3, 4, 7),
    (True, True, False, 1, 5, 3),
    (False, False, True, 2, 1, 17),
    (True, False, False, 5, 9, 8),
]


def states(module, shape):
    """One state, or the two of an LSTM."""
    count = 2 if isinstance(module, (nn.LSTM, nn.LSTMCell)) else 1
    return [random(shape).requires_grad_() for _ in range(count)]


def build(name, module, input_shape, state_shape, has_state):
    """Runs one case; returns its tensors."""
    module = module.double()
    inputs = random(input_shape).requires_grad_()
    tensors = {f"parameters.{key}": value for key, value in module.state_dict().items()}
    tensors["input"] = inputs
    initial = states(module, state_shape) if has_state else None
    if initial:
        tensors |= dict(zip(("initial_state", "initial_cell"), initial))
    argument = None if not initial else initial[0] if len(initial) == 1 else tuple(initial)
    result = module(inputs, argument)
    if isinstance(module, nn.LSTM):
        results = {"output": result[0], "final_state": result[1][0], "final_cell": result[1][1]}
    elif isinstance(module, nn.GRU):
        results = {"output": result[0], "final_state": result[1]}
    elif isinstance(module, nn.LSTMCell):
        results = {"output": result[0], "final_cell": result[1]}
    else:
        results = {"output": result}
    tensors |= results
    weights = {key: random(list(value.shape)) for key, value in results.items()}
    sum((results[key] * weight).sum() for key, weight in weights.items()).backward()
    tensors |= {f"{key}_gradient": weight for key, weight in weights.items()}
    tensors["gradient.input"] = inputs.grad
    for key, state in zip(("initial_state", "initial_cell"), initial or []):
        tensors[f"gradient.{key}"] = state.grad
    tensors |= {f"gradient.parameters.{key}": value.grad for key, value in module.named_parameters()}
    return tensors


def main() -> None:
    """Writes all fixtures and lists them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("Fixtures"), metavar="DIR")
    directory = parser.parse_args().output
    directory.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for kind in (nn.LSTM, nn.GRU):
        for layers, bias, first, unbatched, state, steps, rows, inputs, hidden in LAYERS:
            batch = [] if unbatched else [rows]
            name = "-".join(
                [kind.__name__.lower(), "bias" if bias else "nobias", f"l{layers}", f"t{steps}",
                 "unbatched" if unbatched else f"b{rows}", f"i{inputs}", f"h{hidden}"]
                + ["batchfirst"] * first + ["state"] * state)
            torch.manual_seed(seed_of(name))
            module = kind(inputs, hidden, layers, bias=bias, batch_first=first)
            shape = (batch + [steps] if first else [steps] + batch) + [inputs]
            tensors = build(name, module, shape, [layers] + batch + [hidden], state)
            metadata = describe(
                kind=kind.__name__, input_size=inputs, hidden_size=hidden, num_layers=layers, bias=bias,
                batch_first=first, unbatched=unbatched, seed=seed_of(name), torch=torch.__version__,
                repr=module, dtype="F64")
            print(save(directory / f"{name}.safetensors", tensors, metadata), name)
    for kind in (nn.LSTMCell, nn.GRUCell):
        for bias, unbatched, state, rows, inputs, hidden in CELLS:
            batch = [] if unbatched else [rows]
            name = "-".join(
                [kind.__name__.lower(), "bias" if bias else "nobias",
                 "unbatched" if unbatched else f"b{rows}", f"i{inputs}", f"h{hidden}"] + ["state"] * state)
            torch.manual_seed(seed_of(name))
            module = kind(inputs, hidden, bias=bias)
            tensors = build(name, module, batch + [inputs], batch + [hidden], state)
            metadata = describe(
                kind=kind.__name__, input_size=inputs, hidden_size=hidden, bias=bias, unbatched=unbatched,
                seed=seed_of(name), torch=torch.__version__, repr=module, dtype="F64")
            print(save(directory / f"{name}.safetensors", tensors, metadata), name)


if __name__ == "__main__":
    main()
