"""OpenVINO's `RNNSequence`, `LSTMSequence` and `GRUSequence`, read from the ONNX operators."""

import io

import numpy
import onnx_layer
import openvino
import protocol

arguments = protocol.Arguments(passes=("forward",))
x = arguments.array("x")
core = openvino.Core()
model = core.read_model(io.BytesIO(onnx_layer.model(arguments, len(x)).SerializeToString()))
# Floats stay floats on processors that could compute in fewer bits.
properties = {
    "PERFORMANCE_HINT": "LATENCY",
    "NUM_STREAMS": 1,
    "INFERENCE_NUM_THREADS": arguments.threads,
    "INFERENCE_PRECISION_HINT": "f32",
}
request = core.compile_model(model, "CPU", properties).create_infer_request()
request.set_input_tensor(openvino.Tensor(x, shared_memory=True))
version = openvino.__version__.split("-")[0]
protocol.serve(
    arguments,
    f"{version}, read from ONNX, for the least latency",
    request.infer,
    lambda _: {"y": numpy.array(request.get_output_tensor(0).data[:, 0])},
)
