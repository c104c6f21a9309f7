"""ONNX Runtime's operators `RNN`, `LSTM` and `GRU`."""

import onnx
import onnxruntime
import protocol
from onnx import TensorProto, helper, numpy_helper

# The gates of the operator, as they stand in PyTorch's order: i, o, f, c of i, f, g, o, and z, r, h of r, z, n.
GATES = {"rnn": [0], "lstm": [0, 3, 1, 2], "gru": [1, 0, 2]}

arguments = protocol.Arguments(passes=("forward",))
x = arguments.array("x")
steps, rows, _ = x.shape
gates = GATES[arguments.cell]


def reordered(array):
    """The array with its gates in the operator's order."""
    return array.reshape(len(gates), -1, *array.shape[1:])[gates].reshape(array.shape)


w, r, b, c = (reordered(arguments.array(name)) for name in protocol.WEIGHTS)
hidden_size = r.shape[1]
# PyTorch's GRU resets after the product.
attributes = {"linear_before_reset": 1} if arguments.cell == "gru" else {}
parameters = {"W": w[None], "R": r[None], "B": [[*b, *c]]}
graph = helper.make_graph(
    [helper.make_node(arguments.cell.upper(), ["X", "W", "R", "B"], ["Y"], hidden_size=hidden_size, **attributes)],
    arguments.cell,
    [helper.make_tensor_value_info("X", TensorProto.FLOAT, x.shape)],
    [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [steps, 1, rows, hidden_size])],
    [numpy_helper.from_array(x.dtype.type(array), name) for name, array in parameters.items()],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
onnx.checker.check_model(model)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = arguments.threads
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
y = onnxruntime.OrtValue.ortvalue_from_shape_and_type([steps, 1, rows, hidden_size], x.dtype.type)
binding = session.io_binding()
binding.bind_ortvalue_input("X", onnxruntime.OrtValue.ortvalue_from_numpy(x))
binding.bind_ortvalue_output("Y", y)
protocol.serve(
    arguments,
    f"{onnxruntime.__version__}, input and output bound",
    lambda: session.run_with_iobinding(binding),
    lambda _: {"y": y.numpy()[:, 0]},
)
