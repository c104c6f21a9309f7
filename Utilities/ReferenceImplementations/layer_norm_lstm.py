"""A layer-normalized LSTM of PyTorch's own parts: nn.LayerNorm, nn.functional.linear and autograd, sequence by sequence."""

import torch
from torch import nn
from torch.nn.functional import layer_norm, linear


class LayerNormLSTM(nn.Module):
    """J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", equations 20 to 22, with the interface of nn.LSTM.

    Rows of `weight_unit` are gains and shifts: of the input's sums (4 and 4), of the state's (4 and 4), of the memory (1 and 1).
    """

    def __init__(self, inputs, hidden, layers, bias, batch_first, bidirectional):
        super().__init__()
        self.hidden, self.layers, self.bias, self.batch_first = hidden, layers, bias, batch_first
        self.suffixes = ["", "_reverse"] if bidirectional else [""]
        bound = hidden**-0.5
        for layer in range(layers):
            for suffix in self.suffixes:
                width = inputs if layer == 0 else hidden * len(self.suffixes)
                shapes = {"weight_ih": [4 * hidden, width], "weight_hh": [4 * hidden, hidden]}
                if bias:
                    shapes |= {"bias_ih": [4 * hidden], "bias_hh": [4 * hidden]}
                shapes["weight_unit"] = [18, hidden]
                for name, shape in shapes.items():
                    low = -1 if name == "weight_unit" else -bound
                    value = torch.empty(shape).uniform_(low, -low)
                    self.register_parameter(f"{name}_l{layer}{suffix}", nn.Parameter(value))

    def cell(self, x, h, c, suffix):
        """One step of one sequence."""
        get = lambda name: getattr(self, name + suffix) if self.bias or "bias" not in name else None
        unit = get("weight_unit")
        norm = lambda v, gain, shift: layer_norm(v, v.shape, gain.reshape(-1), shift.reshape(-1))
        sums = norm(linear(x, get("weight_ih"), get("bias_ih")), unit[0:4], unit[4:8]) + norm(
            linear(h, get("weight_hh"), get("bias_hh")), unit[8:12], unit[12:16])
        i, f, g, o = sums.chunk(4)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * norm(c, unit[16], unit[17]).tanh(), c

    def forward(self, inputs, state, lengths=None):
        """Output, zeros behind the end of each sequence, and the state after each one's last step."""
        x = inputs.transpose(0, 1) if self.batch_first else inputs
        steps, rows = x.shape[:2]
        lengths = lengths or [steps] * rows
        zeros = x.new_zeros(self.layers * len(self.suffixes), rows, self.hidden)
        hidden, memory = state if state is not None else (zeros, zeros)
        finals = {}
        outputs = []
        for row in range(rows):
            sequence = [x[t, row] for t in range(lengths[row])]
            for layer in range(self.layers):
                halves = []
                for index, suffix in enumerate(self.suffixes):
                    number = layer * len(self.suffixes) + index
                    h, c = hidden[number, row], memory[number, row]
                    half = []
                    for value in sequence if index == 0 else reversed(sequence):
                        h, c = self.cell(value, h, c, f"_l{layer}{suffix}")
                        half.append(h)
                    finals[number, row] = h, c
                    halves.append(half if index == 0 else half[::-1])
                sequence = [torch.cat(parts) for parts in zip(*halves)]
            padding = [x.new_zeros(self.hidden * len(self.suffixes))] * (steps - lengths[row])
            outputs.append(torch.stack(sequence + padding))
        output = torch.stack(outputs, 0 if self.batch_first else 1)
        count = self.layers * len(self.suffixes)
        final = [
            torch.stack([torch.stack([finals[n, row][part] for row in range(rows)]) for n in range(count)])
            for part in range(2)
        ]
        return output, tuple(final)
