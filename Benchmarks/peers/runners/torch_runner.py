"""PyTorch's `nn.RNN`, `nn.LSTM` and `nn.GRU`: without gradients, or with all of them; with float or 8-bit weights."""

import warnings

import protocol
import safetensors.torch
import torch

LAYERS = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def layer_of(arguments):
    """The case's layer."""
    weights = safetensors.torch.load_file(f"{arguments.folder}/model.safetensors")
    input_size, hidden_size = weights["weight_ih_l0"].shape[1], weights["weight_hh_l0"].shape[1]
    layer = LAYERS[arguments.cell](input_size, hidden_size)
    layer.load_state_dict(weights)
    return layer


def serve(arguments, calls, arrays, setting=""):
    """Serves the fastest of several calls, by name."""
    name, call = protocol.fastest(calls)
    protocol.serve(arguments, f"{torch.__version__}, {setting}{name}", call, arrays)


def forward(arguments):
    """Serves the forward pass."""
    layer, x = layer_of(arguments).eval(), torch.from_numpy(arguments.array("x"))
    with torch.no_grad():
        frozen = torch.jit.freeze(torch.jit.trace(layer, x))
    with torch.inference_mode():
        calls = {"eager": lambda: layer(x), "traced and frozen": lambda: frozen(x)}
        serve(arguments, calls, lambda result: {"y": result[0].numpy()})


def quantized(arguments):
    """Serves the forward pass with weights of 8 bits, whose other operands are quantized in each step."""
    # The layers are deprecated, and there are no others.
    warnings.simplefilter("ignore")
    quantize = torch.ao.quantization.quantize_dynamic
    layer, x = layer_of(arguments).eval(), torch.from_numpy(arguments.array("x"))
    made = quantize(torch.nn.Sequential(layer), {type(layer)}, dtype=torch.qint8)[0]
    if type(made) is type(layer):
        protocol.unsupported(f"its dynamic quantization leaves a {arguments.cell} as it is")
    with torch.inference_mode():
        calls = {"eager": lambda: made(x)}
        serve(arguments, calls, lambda result: {"y": result[0].numpy()}, "dynamic quantization, ")


def training(arguments):
    """Serves the forward and the backward pass."""
    layer, x = layer_of(arguments), torch.from_numpy(arguments.array("x"))
    tensors = {"x": x.requires_grad_()}
    tensors |= {name.removesuffix("_l0"): parameter for name, parameter in layer.named_parameters()}
    traced = torch.jit.trace(layer, x)

    def backward(module):
        layer.zero_grad(set_to_none=True)
        x.grad = None
        y = module(x)[0]
        y.sum().backward()
        return y, [tensor.grad for tensor in tensors.values()]

    def grad():
        y = layer(x)[0]
        return y, torch.autograd.grad(y.sum(), tensors.values())

    def arrays(result):
        y, gradients = result
        found = {f"gradient_{name}": gradient.numpy() for name, gradient in zip(tensors, gradients)}
        return found | {"y": y.detach().numpy()}

    calls = {"eager": lambda: backward(layer), "traced": lambda: backward(traced), "torch.autograd.grad": grad}
    serve(arguments, calls, arrays)


def main():
    arguments = protocol.Arguments(
        passes=("forward", "training", "stream", "model"), weights=("float", "int8")
    )
    torch.set_num_threads(arguments.threads)
    if arguments.pass_name == "stream":
        import torch_stream

        torch_stream.serve(arguments)
    elif arguments.pass_name == "model":
        import torch_model

        torch_model.serve(arguments)
    elif arguments.weights == "int8":
        quantized(arguments)
    else:
        {"forward": forward, "training": training}[arguments.pass_name](arguments)


if __name__ == "__main__":
    main()
