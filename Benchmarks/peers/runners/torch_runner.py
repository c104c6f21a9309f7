"""PyTorch's `nn.RNN`, without gradients."""

import protocol
import safetensors.torch
import torch

arguments = protocol.Arguments()
torch.set_num_threads(arguments.threads)
weights = safetensors.torch.load_file(f"{arguments.folder}/model.safetensors")
hidden_size, input_size = weights["weight_ih_l0"].shape
rnn = torch.nn.RNN(input_size, hidden_size).eval()
rnn.load_state_dict(weights)
x = torch.from_numpy(arguments.array("x"))
with torch.no_grad():
    frozen = torch.jit.freeze(torch.jit.trace(rnn, x))
with torch.inference_mode():
    name, call = protocol.fastest({"eager": lambda: rnn(x), "traced and frozen": lambda: frozen(x)})
    protocol.serve(arguments, f"{torch.__version__}, {name}", call, lambda result: result[0].numpy())
