"""PyTorch's cells one step at a time: a loop in TorchScript, so that no step waits for Python."""

import protocol
import torch

CELLS = {"rnn": torch.nn.RNNCell, "lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell}


class Steps(torch.nn.Module):
    """Steps of a cell whose state is its output."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cell

    def forward(self, x: torch.Tensor, h: torch.Tensor):
        outputs = []
        for t in range(x.size(0)):
            h = self.cell(x[t], h)
            outputs.append(h)
        return torch.stack(outputs), h


class LSTMSteps(Steps):
    """Steps of a cell that has a cell state beside."""

    def forward(self, x: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor]):
        outputs = []
        for t in range(x.size(0)):
            state = self.cell(x[t], state)
            outputs.append(state[0])
        return torch.stack(outputs), state


def serve(arguments):
    """Serves steps, each of which begins with the state of the one before."""
    x, weights = (torch.from_numpy(arguments.array(name)) for name in ("x", "weight_hh"))
    cell = CELLS[arguments.cell](x.shape[2], weights.shape[1])
    cell.load_state_dict({name: torch.from_numpy(arguments.array(name)) for name in protocol.WEIGHTS})
    kind = LSTMSteps if arguments.cell == "lstm" else Steps
    steps = torch.jit.freeze(torch.jit.script(kind(cell).eval()))
    zeros = torch.zeros(x.shape[1], weights.shape[1])
    state = (zeros, zeros) if arguments.cell == "lstm" else zeros

    def call():
        nonlocal state
        y, state = steps(x, state)
        return y

    with torch.inference_mode():
        protocol.serve(arguments, f"{torch.__version__}, cell in a TorchScript loop", call, lambda y: {"y": y.numpy()})
