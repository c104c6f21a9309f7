"""What is compared: layers of the field's shapes, and the files in which a runner gets one."""

from dataclasses import dataclass

import numpy
import safetensors.numpy

# G, the gates of a cell: its weights are [G·H, I] and [G·H, H].
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
PASSES = ("forward", "training", "stream", "model")
# The bytes of a weight.
WEIGHTS = {"float": 4, "bfloat16": 2, "int8": 1}


@dataclass(frozen=True)
class Case:
    """One call of one layer: T steps of B rows, I features of input and H of the state."""

    steps: int
    rows: int
    input_size: int
    hidden_size: int
    cell: str = "rnn"
    pass_name: str = "forward"
    weights: str = "float"

    @property
    def name(self):
        return f"{self.steps}, {self.rows}, {self.input_size}, {self.hidden_size}"

    @property
    def gates(self):
        return GATES[self.cell]

    @property
    def settings(self):
        """What else a runner is told."""
        return {}

    def products(self):
        """The multiply-adds of a time step for its input, and for its state."""
        return self.rows * self.gates * self.hidden_size * self.input_size, self.rows * self.recurrent_weights

    @property
    def recurrent_weights(self):
        return self.gates * self.hidden_size**2

    def arrays(self):
        """Input and weights under their files' names: x normal, weights as PyTorch draws them."""
        generator = numpy.random.default_rng(20)
        arrays = layer_arrays(generator, self.gates, self.input_size, self.hidden_size)
        arrays["x"] = generator.standard_normal((self.steps, self.rows, self.input_size))
        return {name: array.astype(numpy.float32) for name, array in arrays.items()}

    def write(self, folder):
        """Writes the arrays to the folder, the weights also in one file under PyTorch's names, and returns them."""
        arrays = self.arrays()
        for name, array in arrays.items():
            numpy.save(folder / f"{name}.npy", array)
        weights = {f"{name}_l0": array for name, array in arrays.items() if name != "x"}
        safetensors.numpy.save_file(weights, folder / "model.safetensors")
        return arrays


def layer_arrays(generator, gates, input_size, hidden_size):
    """The parameters of a layer, uniform in ±1/√H, in double."""
    bound, rows = hidden_size**-0.5, gates * hidden_size
    shapes = {
        "weight_ih": (rows, input_size),
        "weight_hh": (rows, hidden_size),
        "bias_ih": (rows,),
        "bias_hh": (rows,),
    }
    return {name: generator.uniform(-bound, bound, shape) for name, shape in shapes.items()}
