"""Generates fixtures of single layers as ONNX Runtime and Keras keep and compute them.

Each case is one .safetensors file:

    W, R, B                         the weights of an ONNX operator, or
    kernel.<d>, recurrent_kernel.<d>, bias.<d>
                                    the weights of a Keras layer, 0 forward and 1 backward
    input, initial_state, initial_cell
                                    [T, B, I], and [D, B, H] if there is an initial state
    output, final_state, final_cell [T, B, D*H] and [D, B, H]

Everything is float32: ONNX Runtime has these operators in no other type, and Keras multiplies matrices in float32 even
where its layers are set to float64.  The metadata's kind is "onnx" or "keras", its cell "RNN", "LSTM" or "GRU".  Needs `pip install onnx onnxruntime` or `pip install keras`; Keras runs on PyTorch.
"""

import argparse
import itertools
import os
from pathlib import Path

import numpy as np
import torch

from generate_fixtures import describe, seed_of
from stable_safetensors import save

CELLS = [
    # label, cell, nonlinearity, gates
    ("rnn-tanh", "RNN", "tanh", 1),
    ("rnn-relu", "RNN", "relu", 1),
    ("lstm", "LSTM", "", 4),
    ("gru", "GRU", "", 3),
]
SHAPES = [
    # steps, rows, I, H, bias, initial state
    (3, 2, 3, 5, True, True),
    (2, 3, 4, 9, False, False),
]


def merged(directions: np.ndarray) -> np.ndarray:
    """[T, D, B, H] as [T, B, D*H]."""
    steps, count, rows, hidden = directions.shape
    return directions.transpose(0, 2, 1, 3).reshape(steps, rows, count * hidden)


def run_onnx(cell, nonlinearity, gates, count, shape, draw):
    """One operator of ONNX; returns its tensors."""
    import onnxruntime
    from onnx import TensorProto, helper

    steps, rows, features, hidden, bias, state = shape
    sizes = {"X": [steps, rows, features], "W": [count, gates * hidden, features], "R": [count, gates * hidden, hidden]}
    if bias:
        sizes["B"] = [count, 2 * gates * hidden]
    if state:
        sizes["initial_h"] = [count, rows, hidden]
        if cell == "LSTM":
            sizes["initial_c"] = [count, rows, hidden]
    values = {name: draw(size) for name, size in sizes.items()}
    names = ["X", "W", "R", "B", "", "initial_h"] + ["initial_c"] * (cell == "LSTM")
    results = ["Y", "Y_h"] + ["Y_c"] * (cell == "LSTM")
    options = {"hidden_size": hidden, "direction": "bidirectional" if count == 2 else "forward"}
    if cell == "RNN":
        options["activations"] = [nonlinearity.capitalize()] * count
    if cell == "GRU":
        options["linear_before_reset"] = 1
    node = helper.make_node(cell, [name if name in values else "" for name in names], results, **options)
    graph = helper.make_graph(
        [node], "layer",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, size) for name, size in sizes.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in results])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    session_options = onnxruntime.SessionOptions()
    session_options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), session_options, providers=["CPUExecutionProvider"])
    outputs = dict(zip(results, session.run(None, values)))
    tensors = {name: values[name] for name in ("W", "R", "B") if name in values}
    renamed = {"X": "input", "initial_h": "initial_state", "initial_c": "initial_cell"}
    tensors |= {renamed[name]: value for name, value in values.items() if name in renamed}
    tensors |= {"output": merged(outputs["Y"]), "final_state": outputs["Y_h"]}
    if cell == "LSTM":
        tensors["final_cell"] = outputs["Y_c"]
    return tensors, onnxruntime.__version__


def run_keras(cell, nonlinearity, gates, count, shape, draw):
    """One layer of Keras; returns its tensors."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    steps, rows, features, hidden, bias, state = shape
    options = {"use_bias": bias, "return_sequences": True, "return_state": True}
    if cell == "RNN":
        layer = keras.layers.SimpleRNN(hidden, activation=nonlinearity, **options)
    elif cell == "LSTM":
        layer = keras.layers.LSTM(hidden, **options)
    else:
        layer = keras.layers.GRU(hidden, reset_after=True, **options)
    if count == 2:
        layer = keras.layers.Bidirectional(layer)
    layer.build((rows, steps, features))
    weights = [draw(list(value.shape)) for value in layer.get_weights()]
    layer.set_weights(weights)
    inputs = draw([rows, steps, features])
    state_count = count * (2 if cell == "LSTM" else 1)
    states = [draw([rows, hidden]) for _ in range(state_count)] if state else None
    output, *final = [
        keras.ops.convert_to_numpy(value) for value in layer(inputs, initial_state=states)]
    per_direction = len(weights) // count
    names = ["kernel", "recurrent_kernel", "bias"]
    tensors = {
        f"{names[index % per_direction]}.{index // per_direction}": value for index, value in enumerate(weights)}
    tensors |= {"input": inputs.transpose(1, 0, 2), "output": output.transpose(1, 0, 2)}
    stride = state_count // count
    for prefix, values in (("initial", states), ("final", final)):
        for index, name in enumerate(("state", "cell")[:stride]):
            if values is not None:
                tensors[f"{prefix}_{name}"] = np.stack(values[index::stride])
    return tensors, keras.__version__


def main() -> None:
    """Writes the fixtures of one library and lists them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("Fixtures"), metavar="DIR")
    parser.add_argument("--library", choices=("onnx", "keras"), required=True)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    run = run_onnx if arguments.library == "onnx" else run_keras
    for (label, cell, nonlinearity, gates), shape, count in itertools.product(CELLS, SHAPES, (1, 2)):
        steps, rows, features, hidden, bias, state = shape
        name = "-".join(
            [arguments.library, label, "bias" if bias else "nobias", f"t{steps}", f"b{rows}", f"i{features}", f"h{hidden}"]
            + ["both"] * (count == 2) + ["state"] * state)
        generator = np.random.default_rng(seed_of(name))

        def draw(size):
            # As small as weights that were just initialized, so that bounds of the error stay small.
            return generator.uniform(-0.6, 0.6, size).astype(np.float32)

        tensors, version = run(cell, nonlinearity, gates, count, shape, draw)
        metadata = describe(
            kind=arguments.library, cell=cell, nonlinearity=nonlinearity, directions=count, seed=seed_of(name),
            version=version)
        owned = {key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in tensors.items()}
        print(save(arguments.output / f"{name}.safetensors", owned, metadata), name)


if __name__ == "__main__":
    main()
