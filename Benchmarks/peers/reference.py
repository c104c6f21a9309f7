"""The cells' formulas in double, with PyTorch's weights [G·H, I] and [G·H, H] and its order of the gates.

The states before each step are given, a contestant's own, so that a step's output depends on nothing that went before;
only the LSTM's c is carried on, and shrinks at each step. x_t and h_{t−1} below are of one step; the code has all steps
at once. `backward` carries the gradient with respect to h_t back through a step.
"""

import numpy
from rounding import Approximation, Matrix, total


class _Layer:
    """What all cells have: the sums that the gates are made of. `operand_error` tells how far the operands of their
    products may be off."""

    def __init__(self, parameters, x, states, power, operand_error=lambda array: 0.0):
        self.parameters = parameters
        self.power = power
        self.states = Approximation.exact(states, power)
        before = numpy.zeros_like(states)
        before[1:] = states[:-1]
        self.before = Approximation.exact(before, power)
        self.x, self.fed_back = (Approximation.exact(array, power) for array in (x, before))
        self.x.error, self.fed_back.error = operand_error(x), operand_error(before)
        self.biases = [Approximation.exact(parameters[name].value, power) for name in ("bias_ih", "bias_hh")]
        self.hidden_size = states.shape[-1]

    def input_sums(self):
        """W·x_t + b_ih."""
        return total([(self.x, self._transpose("weight_ih"))], self.biases[0])

    def recurrent_sums(self):
        """U·h_{t−1} + b_hh."""
        return total([(self.fed_back, self._transpose("weight_hh"))], self.biases[1])

    def sums(self):
        """W·x_t + b_ih + U·h_{t−1} + b_hh, in any order."""
        products = [(self.x, self._transpose("weight_ih")), (self.fed_back, self._transpose("weight_hh"))]
        return total(products, *self.biases)

    def gate(self, sums, index):
        return sums[..., index * self.hidden_size : (index + 1) * self.hidden_size]

    def start_backward(self):
        """Forgets what was carried back."""

    def _transpose(self, name):
        return self.parameters[name].transpose


class RNN(_Layer):
    """h_t = tanh(W·x_t + b_ih + U·h_{t−1} + b_hh)"""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.output = self.sums().tanh()
        # Contestants take the derivative from the output that they have.
        self.slope = self.states.complement_of_square()

    def backward(self, t, gradient):
        sums = gradient * self.slope[t]
        return sums, sums, None


class LSTM(_Layer):
    """i, f, g, o of W·x_t + b_ih + U·h_{t−1} + b_hh: c_t = f·c_{t−1} + i·g, h_t = o·tanh(c_t), g by tanh"""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        sums = self.sums()
        self.i, self.f, self.o = (self.gate(sums, index).sigmoid() for index in (0, 1, 3))
        self.g = self.gate(sums, 2).tanh()
        cells = [Approximation.exact(numpy.zeros_like(self.states.value[0]), self.power)]
        for t in range(len(self.states.value)):
            cells.append(self.f[t] * cells[-1] + self.i[t] * self.g[t])
        self.cells = cells
        self.squashed = Approximation.stack(cells[1:]).tanh()
        self.output = self.o * self.squashed

    def start_backward(self):
        self.carried = None

    def backward(self, t, gradient):
        i, f, g, o, squashed = (gate[t] for gate in (self.i, self.f, self.g, self.o, self.squashed))
        cell = gradient * o * squashed.complement_of_square()
        if self.carried:
            cell = cell + self.carried
        self.carried = cell * f
        sums = Approximation.concatenate(
            [
                cell * g * (i * i.complement()),
                cell * self.cells[t] * (f * f.complement()),
                cell * i * g.complement_of_square(),
                gradient * squashed * (o * o.complement()),
            ]
        )
        return sums, sums, None


class GRU(_Layer):
    """r, z, n of W·x_t + b_ih and U·h_{t−1} + b_hh: n = tanh(n_x + r·n_h), h_t = (1 − z)·n + z·h_{t−1}"""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        both, recurrent = self.sums(), self.recurrent_sums()
        self.r, self.z = (self.gate(both, index).sigmoid() for index in (0, 1))
        self.recurrent = self.gate(recurrent, 2)
        self.n = (self.gate(self.input_sums(), 2) + self.r * self.recurrent).tanh()
        self.output = self.z.complement() * self.n + self.z * self.before

    def backward(self, t, gradient):
        r, z, n, recurrent, before = (part[t] for part in (self.r, self.z, self.n, self.recurrent, self.before))
        new = gradient * z.complement() * n.complement_of_square()
        gates = [new * recurrent * (r * r.complement()), gradient * (before - n) * (z * z.complement())]
        input_sums, recurrent_sums = (Approximation.concatenate([*gates, last]) for last in (new, new * r))
        return input_sums, recurrent_sums, gradient * z


LAYERS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


def gradients(layer):
    """The gradients of the sum of all outputs, by the names of what they are of.

    With δ and ε those with respect to W·x_t + b_ih and U·h_{t−1} + b_hh: ∂x_t = δ_t·W, ∂h_{t−1} = 1 + ε_t·U and what a
    cell hands on directly, ∂W = Σ δ_tᵀ·x_t, ∂U = Σ ε_tᵀ·h_{t−1}, ∂b_ih = Σ δ_t, ∂b_hh = Σ ε_t.
    """
    steps = len(layer.states.value)
    ones = Approximation.exact(numpy.ones(layer.states.value.shape[1:]), layer.power)
    input_sums, recurrent_sums = [None] * steps, [None] * steps
    layer.start_backward()
    gradient = ones
    for t in reversed(range(steps)):
        input_sums[t], recurrent_sums[t], direct = layer.backward(t, gradient)
        others = [direct] if direct else []
        if t > 0:
            others.append(ones)
        gradient = total([(recurrent_sums[t], layer.parameters["weight_hh"])], *others)
    found = {"x": total([(Approximation.stack(input_sums), layer.parameters["weight_ih"])]), "h0": gradient}
    for suffix, sums, factor in (("ih", input_sums, layer.x), ("hh", recurrent_sums, layer.before)):
        rows = Approximation.stack(sums).rows().transposed()
        factor = factor.rows().value
        found[f"weight_{suffix}"] = total([(rows, Matrix(factor))])
        found[f"bias_{suffix}"] = total([(rows, Matrix(numpy.ones((len(factor), 1))))])[:, 0]
    return found
