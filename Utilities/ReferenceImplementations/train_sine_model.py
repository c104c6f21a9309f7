"""Trains a small recurrent model to predict the next value of a sum of two sines.

Writes, in float32 and C order:

    sine-model.safetensors   the model's state_dict: rnn.weight_ih_l0, ..., readout.bias
    sine-input.npy           [100, 4, 1], four series not seen in training
    sine-output.npy          [100, 4, 32], the output of `rnn` alone for that input
    sine-final-state.npy     [2, 4, 32], the final state of `rnn` for that input
"""

import argparse
import math
from pathlib import Path

import numpy as np
import torch
from torch import nn

from stable_safetensors import save

SEED = 2024
TIME = 100


class SineModel(nn.Module):
    """A two-layer RNN with a linear readout of each step."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(1, 32, num_layers=2)
        self.readout = nn.Linear(32, 1)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        output, _ = self.rnn(inputs)
        return self.readout(output)


def series(count: int, length: int) -> torch.Tensor:
    """`count` sums of two sines with random phases, [length, count, 1]."""
    time = torch.arange(length, dtype=torch.float32)[:, None]
    phases = 2 * math.pi * torch.rand(2, count)
    values = 0.6 * torch.sin(0.2 * time + phases[0]) + 0.4 * torch.sin(0.31 * time + phases[1])
    return values[:, :, None]


def train(steps: int) -> tuple[SineModel, float]:
    """Trains a new model; returns it with its last training loss."""
    model = SineModel()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    loss = torch.tensor(math.nan)
    for _ in range(steps):
        batch = series(16, TIME + 1)
        loss = nn.functional.mse_loss(model(batch[:-1]), batch[1:])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return model, loss.item()


def main() -> None:
    """Trains the model and writes it with an input and PyTorch's results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("Models"), metavar="DIR")
    parser.add_argument("--steps", type=int, default=1200, help="training steps")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(SEED)

    model, training_loss = train(arguments.steps)
    with torch.no_grad():
        batch = series(4, TIME + 1)
        inputs = batch[:-1].contiguous()
        output, final_state = model.rnn(inputs)
        test_loss = nn.functional.mse_loss(model(inputs), batch[1:]).item()
        baseline = nn.functional.mse_loss(inputs, batch[1:]).item()
    save(arguments.output / "sine-model.safetensors", model.state_dict(),
         {"torch": torch.__version__, "seed": str(SEED), "final_training_loss": f"{training_loss:.6g}"})
    for name, tensor in (("input", inputs), ("output", output), ("final-state", final_state)):
        np.save(arguments.output / f"sine-{name}.npy", np.ascontiguousarray(tensor.numpy(), dtype="<f4"))
    print(f"torch {torch.__version__}, {arguments.steps} steps, training loss {training_loss:.3g}, "
          f"test loss {test_loss:.3g} (repeating the last value: {baseline:.3g})")
    for path in sorted(arguments.output.glob("sine-*")):
        print(f"{path.stat().st_size:7d}  {path.name}")


if __name__ == "__main__":
    main()
