"""Computes cases of layers and cells with PyTorch, in float64.

    run_layer_cases.py DIR

DIR holds a file `N.safetensors` for each case, as LayerDifferentialTests writes it; the results are written to
`N.results.safetensors` beside it.  A case's metadata are its line, its values on the axes of LayerCase, and the
lengths of its sequences, such as "3 1 2".  Its tensors, with S = sum of the lengths:

    parameters.*       under PyTorch's names for a layer
    input              [S, I], sequence by sequence
    hidden, memory     [L·D, B, features], if the call is given a state
    gradient.*         of what the call gives: output [S, D·features], hidden, memory

The results are output, hidden and memory, and, for a case with gradients, gradient.input, gradient.hidden,
gradient.memory and gradient.parameters.*, in the same forms.  Needs torch, numpy and safetensors.
"""

import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

MODULES = {
    "rnnTanh": (nn.RNN, {"nonlinearity": "tanh"}),
    "rnnReLU": (nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (nn.LSTM, {}),
    "projectedLSTM": (nn.LSTM, {}),
    "gru": (nn.GRU, {}),
    "rnnTanhCell": (nn.RNNCell, {"nonlinearity": "tanh"}),
    "rnnReLUCell": (nn.RNNCell, {"nonlinearity": "relu"}),
    "lstmCell": (nn.LSTMCell, {}),
    "gruCell": (nn.GRUCell, {}),
}
STATES = ("hidden", "memory")


class Case:
    """A case, and the module that it names."""

    def __init__(self, values: dict[str, str], tensors: dict[str, Tensor]) -> None:
        self.values = values
        self.tensors = tensors
        self.lengths = [int(length) for length in values["lengths of sequences"].split()]
        self.steps = int(values["steps"])
        self.is_cell = values["subject"].endswith("Cell")
        self.is_unbatched = values["batch"] == "unbatched"
        self.batch_first = values["order"] == "batchFirst"
        self.module = self.loaded_module()

    def loaded_module(self) -> nn.Module:
        """The module with the parameters of the case."""
        prefix = "parameters."
        state = {key.removeprefix(prefix): tensor for key, tensor in self.tensors.items() if key.startswith(prefix)}
        kind, options = MODULES[self.values["subject"]]
        options = options | {"bias": self.values["bias"] == "yes"}
        if self.is_cell:
            state = {key.removesuffix("_l0"): tensor for key, tensor in state.items()}
        else:
            options |= {
                "num_layers": int(self.values["layers"]),
                "batch_first": self.batch_first,
                "bidirectional": self.values["directions"] == "bidirectional",
            }
        if self.values["subject"] == "projectedLSTM":
            options["proj_size"] = state["weight_hr_l0"].shape[0]
        module = kind(int(self.values["input"]), int(self.values["hidden"]), **options).double()
        module.load_state_dict(state, strict=True)
        return module

    def outcome(self, inputs: Tensor, states: list[Tensor]) -> list[Tensor]:
        """Output, [S, D·features], and final states in their forms here."""
        if self.is_unbatched:
            states = [state.squeeze(1) for state in states]
        if self.is_cell:
            return self.outcome_of_cell(inputs, [state[0] for state in states])
        initial = None if not states else states[0] if len(states) == 1 else tuple(states)
        if self.values["lengths"] != "equal":
            padded = pad_sequence(list(inputs.split(self.lengths)))
            output, final = self.module(pack_padded_sequence(padded, self.lengths, enforce_sorted=False), initial)
            output = pad_packed_sequence(output)[0]
            output = torch.cat([output[:length, row] for row, length in enumerate(self.lengths)])
        else:
            x = self.batched(inputs)
            if not self.batch_first and not self.is_unbatched:
                x = x.transpose(0, 1)
            output, final = self.module(x, initial)
            if not self.batch_first and not self.is_unbatched:
                output = output.transpose(0, 1)
            output = output.reshape(-1, output.shape[-1])
        return [output, *(final if isinstance(final, tuple) else (final,))]

    def outcome_of_cell(self, inputs: Tensor, states: list[Tensor]) -> list[Tensor]:
        """Calls a cell in a loop over time."""
        state = None if not states else states[0] if len(states) == 1 else tuple(states)
        outputs = []
        for x in self.batched(inputs).unbind(-2):
            state = self.module(x, state)
            outputs.append(state[0] if isinstance(state, tuple) else state)
        output = torch.stack(outputs, dim=-2)
        return [output.reshape(-1, output.shape[-1]), *(state if isinstance(state, tuple) else (state,))]

    def batched(self, inputs: Tensor) -> Tensor:
        """Inputs of equal lengths as [B, T, I], or [T, I] unbatched."""
        prefix = [] if self.is_unbatched else [len(self.lengths)]
        return inputs.reshape([*prefix, self.steps, inputs.shape[-1]])

    def results(self) -> dict[str, Tensor]:
        """What the case gives."""
        inputs = self.tensors["input"]
        given = [name for name in STATES if name in self.tensors]
        states = [self.tensors[name] for name in given]
        names = ("output", *STATES)
        weights = {name: self.tensors[f"gradient.{name}"] for name in names if f"gradient.{name}" in self.tensors}
        if not weights:
            with torch.no_grad():
                return dict(zip(names, self.outcome(inputs, states)))
        if not states:
            # The gradients of a state that is not given are those of zeros.
            states = self.zeros()
        leaves = {"input": inputs} | dict(zip(STATES, states))
        for leaf in leaves.values():
            leaf.requires_grad_()
        leaves |= {f"parameters.{key}": parameter for key, parameter in self.module.named_parameters()}
        outcome = dict(zip(names, self.outcome(inputs, states)))
        total = sum((outcome[name] * weight.reshape(outcome[name].shape)).sum() for name, weight in weights.items())
        gradients = torch.autograd.grad(total, list(leaves.values()), materialize_grads=True)
        return outcome | {f"gradient.{name}": gradient for name, gradient in zip(leaves, gradients)}

    def zeros(self) -> list[Tensor]:
        """A state of zeros."""
        cells = self.module.num_layers * (2 if self.module.bidirectional else 1)
        sizes = [self.module.proj_size or self.module.hidden_size]
        if isinstance(self.module, nn.LSTM):
            sizes.append(self.module.hidden_size)
        return [torch.zeros(cells, len(self.lengths), size, dtype=torch.float64) for size in sizes]


def main() -> None:
    """Computes every case of a directory."""
    torch.set_num_threads(1)
    paths = sorted(Path(sys.argv[1]).glob("*.safetensors"))
    for path in paths:
        with safe_open(path, framework="pt") as file:
            values, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}
        try:
            results = Case(values, tensors).results()
        except Exception:
            print(f"PyTorch refuses {values['case']}", file=sys.stderr)
            raise
        owned = {name: tensor.detach().contiguous().clone() for name, tensor in results.items()}
        save_file(owned, path.with_suffix(".results.safetensors"))
    print(f"PyTorch {torch.__version__}: {len(paths)} cases")


if __name__ == "__main__":
    main()
