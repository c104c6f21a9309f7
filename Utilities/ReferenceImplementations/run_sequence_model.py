"""Loads a model that another program has trained, and runs it with PyTorch.

    run_sequence_model.py MODEL.safetensors INPUT.npy OUTPUT.npy

MODEL holds the state dictionary of a module with an `nn.RNN` named `rnn` and an
`nn.Linear` named `head` on each of its outputs; loading is strict.  Computes in
float64.  Needs torch, numpy and safetensors.
"""

import sys

import numpy
import torch
from safetensors.torch import load_file
from torch import nn


class SequenceModel(nn.Module):
    """Recurrent layers, and an affine one on each of their outputs."""

    def __init__(self, state: dict[str, torch.Tensor]) -> None:
        super().__init__()
        hidden, inputs = state["rnn.weight_ih_l0"].shape
        layers = sum(key.startswith("rnn.weight_ih_l") for key in state)
        self.rnn = nn.RNN(inputs, hidden, num_layers=layers)
        self.head = nn.Linear(hidden, state["head.weight"].shape[0])
        self.double()
        self.load_state_dict(state, strict=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.rnn(x)[0])


def main() -> None:
    """Runs the model."""
    model, source, target = sys.argv[1:]
    module = SequenceModel(load_file(model))
    with torch.no_grad():
        output = module(torch.from_numpy(numpy.load(source)).double())
    numpy.save(target, output.numpy())


if __name__ == "__main__":
    main()
