"""Generates golden fixtures for layers of both directions, with projections, normalized, and over sequences of unequal lengths.

Names of tensors are those of generate_gated_fixtures.py. Sequences of unequal lengths are stored padded, with their lengths
in the metadata; PyTorch computes them packed. The metadata's kind is "sequence" and its cell the module.
"""

import argparse
import itertools
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from layer_norm_lstm import LayerNormLSTM
from generate_fixtures import describe, random, seed_of
from stable_safetensors import save

KINDS = [
    # name, class, options
    ("rnn-tanh", nn.RNN, {"nonlinearity": "tanh"}),
    ("rnn-relu", nn.RNN, {"nonlinearity": "relu"}),
    ("lstm", nn.LSTM, {}),
    ("lstm-proj", nn.LSTM, {"proj_size": 3}),
    ("gru", nn.GRU, {}),
    ("layernorm", LayerNormLSTM, {}),
]
SHAPES = [
    # layers, bias, batch_first, state, lengths or steps and rows, I, H
    (1, True, False, True, [4, 2, 3], 3, 5),
    (2, True, True, False, [3, 3, 1, 2], 4, 9),
    (2, False, False, True, (3, 2), 2, 4),
]


def results(module, inputs, state, lengths):
    """Output, padded, and final states."""
    if lengths is None:
        return module(inputs, state)
    if isinstance(module, LayerNormLSTM):
        return module(inputs, state, lengths)
    packed = pack_padded_sequence(inputs, lengths, module.batch_first, enforce_sorted=False)
    output, final = module(packed, state)
    return pad_packed_sequence(output, module.batch_first)[0], final


def build(module, shape, lengths, states, has_state):
    """Runs one case; returns its tensors."""
    inputs = random(shape).requires_grad_()
    tensors = {f"parameters.{key}": value for key, value in module.state_dict().items()}
    tensors["input"] = inputs
    initial = [random(state).requires_grad_() for state in states] if has_state else []
    tensors |= dict(zip(("initial_state", "initial_cell"), initial))
    argument = None if not initial else initial[0] if len(initial) == 1 else tuple(initial)
    output, final = results(module, inputs, argument, lengths)
    final = final if isinstance(final, tuple) else (final,)
    outcome = {"output": output} | dict(zip(("final_state", "final_cell"), final))
    tensors |= outcome
    weights = {key: random(list(value.shape)) for key, value in outcome.items()}
    sum((outcome[key] * weight).sum() for key, weight in weights.items()).backward()
    tensors |= {f"{key}_gradient": weight for key, weight in weights.items()}
    tensors["gradient.input"] = inputs.grad
    for key, state in zip(("initial_state", "initial_cell"), initial):
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
    cases = itertools.product(KINDS, SHAPES, (False, True))
    for (label, kind, options), (layers, bias, first, state, extent, inputs, hidden), both in cases:
        lengths = extent if isinstance(extent, list) else None
        steps, rows = (max(lengths), len(lengths)) if lengths else extent
        if lengths is None and not both and kind in (nn.RNN, nn.LSTM, nn.GRU) and not "proj_size" in options:
            continue  # Those of equal lengths and one direction are in the other files.
        extent_name = "lengths" + "_".join(map(str, lengths)) if lengths else f"t{steps}-b{rows}"
        name = "-".join(
            ["sequence", label, "bias" if bias else "nobias", f"l{layers}", extent_name, f"i{inputs}", f"h{hidden}"]
            + ["both"] * both + ["batchfirst"] * first + ["state"] * state)
        torch.manual_seed(seed_of(name))
        module = kind(
            inputs, hidden, layers, bias=bias, batch_first=first, bidirectional=both, **options).double()
        cells = layers * (2 if both else 1)
        states = [[cells, rows, options.get("proj_size", hidden)]]
        if kind in (nn.LSTM, LayerNormLSTM):
            states.append([cells, rows, hidden])
        shape = ([rows, steps] if first else [steps, rows]) + [inputs]
        tensors = build(module, shape, lengths, states, state)
        metadata = describe(
            kind="sequence", cell=kind.__name__, batch_first=first, both=both,
            lengths=" ".join(map(str, lengths or [])), seed=seed_of(name), torch=torch.__version__, repr=module,
            nonlinearity=options.get("nonlinearity", ""), dtype="F64")
        print(save(directory / f"{name}.safetensors", tensors, metadata), name)


if __name__ == "__main__":
    main()
