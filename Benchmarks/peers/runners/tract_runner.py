"""tract's loop over time steps, which it makes of the ONNX operators. It computes on one thread."""

import onnx
import onnx_layer
import protocol
import tract

arguments = protocol.Arguments(passes=("forward",))
x = arguments.array("x")
path = f"{arguments.folder}/model.onnx"
onnx.save(onnx_layer.model(arguments, len(x)), path)
runnable = tract.onnx().load(path).into_model().into_runnable()
inputs = [tract.Tensor.from_numpy(x)]
protocol.serve(
    arguments,
    f"{tract.version()}, read from ONNX",
    lambda: runnable.run(inputs),
    lambda outputs: {"y": outputs[0].to_numpy()[:, 0]},
)
