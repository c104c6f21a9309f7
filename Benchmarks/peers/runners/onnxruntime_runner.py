"""ONNX Runtime's operator `RNN`."""

import onnx
import onnxruntime
import protocol
from onnx import TensorProto, helper, numpy_helper

arguments = protocol.Arguments()
x = arguments.array("x")
w, r, b, c = (arguments.array(name) for name in protocol.WEIGHTS)
steps, rows, _ = x.shape
hidden_size = len(b)
parameters = {"W": w[None], "R": r[None], "B": [[*b, *c]]}
graph = helper.make_graph(
    [helper.make_node("RNN", ["X", "W", "R", "B"], ["Y"], hidden_size=hidden_size)],
    "rnn",
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
    lambda _: y.numpy()[:, 0],
)
