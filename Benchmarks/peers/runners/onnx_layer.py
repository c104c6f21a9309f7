"""The operators `RNN`, `LSTM` and `GRU` of ONNX with a case's weights, for the libraries that read such models."""

import onnx
from onnx import TensorProto, helper, numpy_helper

import protocol

# The gates of the operator, as they stand in PyTorch's order: i, o, f, c of i, f, g, o, and z, r, h of r, z, n.
GATES = {"rnn": [0], "lstm": [0, 3, 1, 2], "gru": [1, 0, 2]}


def model(arguments, steps, has_state=False):
    """A model of one layer: from X [T, B, I] to Y [T, 1, B, H], for T steps.

    With a state, `initial_h` [1, B, H] is an input too and `Y_h` an output, and `initial_c` and `Y_c` of an LSTM.
    """
    x = arguments.array("x")
    rows, gates = x.shape[1], GATES[arguments.cell]

    def reordered(array):
        """The array with its gates in the operator's order."""
        return array.reshape(len(gates), -1, *array.shape[1:])[gates].reshape(array.shape)

    w, r, b, c = (reordered(arguments.array(name)) for name in protocol.WEIGHTS)
    hidden_size = r.shape[1]
    # PyTorch's GRU resets after the product.
    attributes = {"linear_before_reset": 1} if arguments.cell == "gru" else {}
    parameters = {"W": w[None], "R": r[None], "B": [[*b, *c]]}
    states = (["h", "c"] if arguments.cell == "lstm" else ["h"]) if has_state else []
    inputs = ["X", "W", "R", "B", *([""] if states else []), *(f"initial_{state}" for state in states)]
    node = helper.make_node(
        arguments.cell.upper(),
        inputs,
        ["Y", *(f"Y_{state}" for state in states)],
        hidden_size=hidden_size,
        **attributes,
    )

    def tensor(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    state_shape = [1, rows, hidden_size]
    graph = helper.make_graph(
        [node],
        arguments.cell,
        [tensor("X", [steps, *x.shape[1:]]), *(tensor(f"initial_{state}", state_shape) for state in states)],
        [tensor("Y", [steps, 1, rows, hidden_size]), *(tensor(f"Y_{state}", state_shape) for state in states)],
        [numpy_helper.from_array(x.dtype.type(array), name) for name, array in parameters.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(made)
    return made
