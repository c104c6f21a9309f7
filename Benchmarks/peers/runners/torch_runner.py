"""PyTorch's `nn.RNN`, `nn.LSTM` and `nn.GRU`: without gradients, or with all of them."""

import protocol
import safetensors.torch
import torch

arguments = protocol.Arguments(passes=("forward", "training"))
torch.set_num_threads(arguments.threads)
weights = safetensors.torch.load_file(f"{arguments.folder}/model.safetensors")
input_size, hidden_size = weights["weight_ih_l0"].shape[1], weights["weight_hh_l0"].shape[1]
layer = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[arguments.cell](input_size, hidden_size)
layer.load_state_dict(weights)
x = torch.from_numpy(arguments.array("x"))


def serve(calls, arrays):
    """Serves the fastest of several calls, by name."""
    name, call = protocol.fastest(calls)
    protocol.serve(arguments, f"{torch.__version__}, {name}", call, arrays)


def forward():
    """Serves the forward pass."""
    layer.eval()
    with torch.no_grad():
        frozen = torch.jit.freeze(torch.jit.trace(layer, x))
    with torch.inference_mode():
        calls = {"eager": lambda: layer(x), "traced and frozen": lambda: frozen(x)}
        serve(calls, lambda result: {"y": result[0].numpy()})


def training():
    """Serves the forward and the backward pass."""
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
    serve(calls, arrays)


if arguments.trains:
    training()
else:
    forward()
