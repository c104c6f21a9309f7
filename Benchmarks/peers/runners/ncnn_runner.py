"""ncnn's layers `RNN`, `LSTM` and `GRU`, which take one row."""

import struct

import ncnn
import numpy
import protocol

# The gates as they stand in PyTorch's order: i, f, o, g of i, f, g, o; ncnn's GRU has PyTorch's order.
GATES = {"rnn": [0], "lstm": [0, 1, 3, 2], "gru": [0, 1, 2]}

arguments = protocol.Arguments(passes=("forward",))
x = arguments.array("x")
steps, rows, input_size = x.shape
if rows != 1:
    protocol.unsupported("its layers take one row")
gates = GATES[arguments.cell]


def reordered(array):
    """The array with its gates in ncnn's order, gate by gate."""
    return array.reshape(len(gates), -1, *array.shape[1:])[gates]


w, r, b, c = (reordered(arguments.array(name)) for name in protocol.WEIGHTS)
hidden_size = r.shape[1]
# Both biases are added but for the GRU's last gate, whose recurrent one stands after all others.
biases = numpy.concatenate([b[:2] + c[:2], b[2:], c[2:]]) if arguments.cell == "gru" else b + c
parameters = f"""7767517
2 2
Input input 0 1 x
{arguments.cell.upper()} layer 1 1 x y 0={hidden_size} 1={w.size}
"""
# Each array after a word that says that it is in float.
tag = struct.pack("<I", 0)
path = f"{arguments.folder}/model"
with open(f"{path}.param", "w") as file:
    file.write(parameters)
with open(f"{path}.bin", "wb") as file:
    for array in (w, biases, r):
        file.write(tag + array.astype("<f4").tobytes())

net = ncnn.Net()
net.opt.num_threads = arguments.threads
net.opt.use_vulkan_compute = False
# Floats stay floats where fewer bits could be had.
net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
net.opt.use_bf16_storage = False
if net.load_param(f"{path}.param") or net.load_model(f"{path}.bin"):
    raise SystemExit("ncnn cannot read the layer")
blob = ncnn.Mat(x[:, 0])


def call():
    extractor = net.create_extractor()
    extractor.input("x", blob)
    return extractor.extract("y")[1]


protocol.serve(
    arguments,
    ncnn.__version__,
    call,
    lambda y: {"y": numpy.array(y).reshape(steps, 1, hidden_size)},
)
