"""ONNX Runtime's operators `RNN`, `LSTM` and `GRU`; and `DynamicQuantizeLSTM`, which its own tool makes of an LSTM."""

import numpy
import onnx_layer
import onnxruntime
import protocol
from onnxruntime.quantization import quantize_dynamic

arguments = protocol.Arguments(passes=("forward", "stream"), weights=("float", "int8"))
x = arguments.array("x")
steps, rows, _ = x.shape
hidden_size = arguments.array("weight_hh").shape[1]


def session(model):
    """A session on a model, given by its bytes or its path."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def zeros(*shape):
    """Zeros in memory that can be bound."""
    return onnxruntime.OrtValue.ortvalue_from_numpy(numpy.zeros(shape, x.dtype))


def bound(run, inputs, outputs):
    """A binding of values by name."""
    binding = run.io_binding()
    for name, value in inputs.items():
        binding.bind_ortvalue_input(name, value)
    for name, value in outputs.items():
        binding.bind_ortvalue_output(name, value)
    return binding


def serve_sequence(model, setting):
    """Serves calls of a model on the whole input."""
    run, y = session(model), zeros(steps, 1, rows, hidden_size)
    binding = bound(run, {"X": onnxruntime.OrtValue.ortvalue_from_numpy(x)}, {"Y": y})
    version = f"{onnxruntime.__version__}, {setting}input and output bound"
    protocol.serve(arguments, version, lambda: run.run_with_iobinding(binding), lambda _: {"y": y.numpy()[:, 0]})


def serve_stream():
    """Serves steps: each is a call of a model of one step, with all that it takes and gives bound beforehand."""
    run = session(onnx_layer.model(arguments, steps=1, has_state=True).SerializeToString())
    names = ["h", "c"] if arguments.cell == "lstm" else ["h"]
    outputs = [zeros(1, 1, rows, hidden_size) for _ in range(steps)]
    states = [{name: zeros(1, rows, hidden_size) for name in names} for _ in range(steps)]
    bindings = []
    for t in range(steps):
        inputs = {"X": onnxruntime.OrtValue.ortvalue_from_numpy(x[t : t + 1])}
        # The state before the first step is that after the last one.
        inputs |= {f"initial_{name}": value for name, value in states[t - 1].items()}
        results = {"Y": outputs[t]} | {f"Y_{name}": value for name, value in states[t].items()}
        bindings.append(bound(run, inputs, results))

    def call():
        for binding in bindings:
            run.run_with_iobinding(binding)

    protocol.serve(
        arguments,
        f"{onnxruntime.__version__}, a bound call for each step, from Python",
        call,
        lambda _: {"y": numpy.concatenate([y.numpy()[0] for y in outputs])},
    )


if arguments.pass_name == "stream":
    serve_stream()
elif arguments.weights == "float":
    serve_sequence(onnx_layer.model(arguments, steps).SerializeToString(), "")
elif arguments.cell != "lstm":
    protocol.unsupported(f"its dynamic quantization leaves a {arguments.cell} as it is")
else:
    # Without instructions for products of 8 by 8 bits, two of them may not fit where they are added.
    with open("/proc/cpuinfo") as file:
        reduced = "vnni" not in file.read()
    path = f"{arguments.folder}/quantized.onnx"
    model = onnx_layer.model(arguments, steps)
    quantize_dynamic(model, path, per_channel=True, reduce_range=reduced)
    bits = 7 if reduced else 8
    serve_sequence(path, f"DynamicQuantizeLSTM, weights of {bits} bits, a scale for each row, ")
