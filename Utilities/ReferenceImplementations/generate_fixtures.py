"""Generates golden fixtures for recurrent modules from PyTorch's own results.

Each case is one .safetensors file:

    parameters.<name>           the module's state_dict
    input, initial_state        what the module is called with (the state is optional)
    output, final_state         what it returns (a cell returns `output` only)
    output_gradient, final_state_gradient
                                weights of the loss
                                sum(output * output_gradient)
                                + sum(final_state * final_state_gradient)
    gradient.input, gradient.initial_state, gradient.parameters.<name>
                                the gradients of that loss

Everything is computed and stored in float64.  Parameters, inputs, states and
loss weights are exactly representable in float32.  The options are described in
the file's metadata.  The two big cell cases store these in float32 ("dtype":
"F32") and only their output in float64.
"""

import argparse
import itertools
import zlib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from stable_safetensors import save

Tensors = dict[str, torch.Tensor]

NONLINEARITIES = ("tanh", "relu")
GRID = (NONLINEARITIES, (True, False), (1, 2, 4), (False, True), (False, True), (False, True))
"""Nonlinearity, bias, layers, batch_first, unbatched, initial state."""

SIZES = {
    1: ((5, 3, 4, 7), (2, 3, 9, 17), (7, 1, 1, 5), (3, 5, 8, 1), (9, 4, 2, 11), (6, 2, 3, 13), (1, 2, 5, 16)),
    2: ((5, 3, 4, 7), (9, 1, 2, 5), (1, 4, 6, 9), (6, 2, 1, 11), (3, 5, 9, 3), (4, 2, 7, 6), (8, 3, 3, 2)),
    4: ((5, 3, 4, 3), (1, 2, 7, 5), (9, 2, 2, 4), (3, 5, 1, 7), (7, 1, 6, 2), (4, 1, 9, 6), (2, 4, 3, 8)),
}
"""(time, batch, input, hidden) used in turn, by the number of layers."""


@dataclass(frozen=True)
class Case:
    """The options of one nn.RNN or (with `cell`) nn.RNNCell fixture."""

    nonlinearity: str
    bias: bool
    layers: int
    batch_first: bool
    unbatched: bool
    state: bool
    time: int
    batch: int
    inputs: int
    hidden: int
    cell: bool = False
    gradients: bool = True

    @property
    def name(self) -> str:
        """The file's name without its extension."""
        parts = ["rnncell" if self.cell else "rnn", self.nonlinearity, "bias" if self.bias else "nobias"]
        parts += [] if self.cell else [f"l{self.layers}", f"t{self.time}"]
        parts += ["unbatched" if self.unbatched else f"b{self.batch}", f"i{self.inputs}", f"h{self.hidden}"]
        parts += ["batchfirst"] * self.batch_first + ["state"] * self.state
        return "-".join(parts)

    def module(self) -> nn.Module:
        """A freshly initialised float32 module."""
        if self.cell:
            return nn.RNNCell(self.inputs, self.hidden, self.bias, self.nonlinearity)
        return nn.RNN(self.inputs, self.hidden, self.layers, nonlinearity=self.nonlinearity,
                      bias=self.bias, batch_first=self.batch_first)

    def shapes(self) -> tuple[list[int], list[int]]:
        """The shapes of the input and of the state."""
        batch = [] if self.unbatched else [self.batch]
        if self.cell:
            return batch + [self.inputs], batch + [self.hidden]
        leading = batch + [self.time] if self.batch_first else [self.time] + batch
        return leading + [self.inputs], [self.layers] + batch + [self.hidden]


def grid_cases() -> list[Case]:
    """Chooses options until every triple (and so every pair) of options occurs."""
    def triples(options):
        return set(itertools.combinations(enumerate(options), 3))

    products = list(itertools.product(*GRID))
    missing = set().union(*map(triples, products))
    used = {layers: 0 for layers in SIZES}
    cases = []
    while missing:
        best = max(products, key=lambda options: len(triples(options) & missing))
        missing -= triples(best)
        layers = best[2]
        sizes = SIZES[layers][used[layers] % len(SIZES[layers])]
        used[layers] += 1
        cases.append(Case(*best, *sizes))
    return cases


def extra_cases() -> list[Case]:
    """Smallest and larger sizes, an empty batch, the slides' shape, and cells."""
    def rnn(nonlinearity, layers, time, batch, inputs, hidden, *, bias=True, first=False, state=False,
            gradients=True):
        return Case(nonlinearity, bias, layers, first, False, state, time, batch, inputs, hidden,
                    gradients=gradients)

    def cell(nonlinearity, bias, unbatched, state, batch, inputs, hidden):
        return Case(nonlinearity, bias, 1, False, unbatched, state, 1, batch, inputs, hidden, cell=True)

    return [
        rnn("tanh", 1, 1, 1, 1, 1, state=True),
        rnn("tanh", 1, 4, 2, 3, 20, state=True),
        rnn("relu", 1, 5, 3, 5, 33, state=True, gradients=False),
        rnn("tanh", 2, 3, 0, 4, 5, state=True),
        rnn("relu", 1, 4, 0, 3, 6, bias=False, first=True),
        rnn("relu", 4, 6, 5, 3, 5, first=True, state=True),
        rnn("relu", 2, 2, 4, 9, 13, state=True),
        rnn("tanh", 2, 8, 5, 7, 9, bias=False, first=True, state=True),
        rnn("tanh", 1, 10, 3, 100, 20, gradients=False),
        rnn("tanh", 4, 10, 3, 100, 20, state=True, gradients=False),
        cell("tanh", True, False, True, 3, 4, 7),
        cell("tanh", True, False, False, 5, 9, 13),
        cell("tanh", True, True, True, 1, 5, 3),
        cell("tanh", False, True, False, 1, 6, 8),
        cell("tanh", False, False, True, 1, 1, 17),
        cell("relu", True, False, False, 4, 7, 5),
        cell("relu", True, True, False, 1, 8, 11),
        cell("relu", False, False, True, 2, 3, 9),
        cell("relu", False, True, True, 1, 2, 6),
        cell("tanh", True, False, True, 0, 3, 4),
    ]


def seed_of(name: str) -> int:
    """A seed that depends on the case's name only."""
    return zlib.crc32(name.encode())


def random(shape: list[int]) -> torch.Tensor:
    """Normal float32 values, as float64."""
    return torch.randn(shape, dtype=torch.float32).double()


def describe(**values: object) -> dict[str, str]:
    """Metadata: every value as a string, Booleans as "true" and "false"."""
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in values.items()}


def build(case: Case) -> tuple[Tensors, dict[str, str]]:
    """Runs one case; returns its tensors and metadata."""
    seed = seed_of(case.name)
    torch.manual_seed(seed)
    module = case.module().double()
    input_shape, state_shape = case.shapes()
    inputs = random(input_shape).requires_grad_()
    state = random(state_shape).requires_grad_() if case.state else None
    tensors = {f"parameters.{name}": value for name, value in module.state_dict().items()}
    tensors["input"] = inputs
    if state is not None:
        tensors["initial_state"] = state
    result = module(inputs, state)
    results = {"output": result} if case.cell else dict(zip(("output", "final_state"), result))
    tensors |= results
    if case.gradients:
        weights = {name: random(list(value.shape)) for name, value in results.items()}
        sum((results[name] * weight).sum() for name, weight in weights.items()).backward()
        tensors |= {f"{name}_gradient": weight for name, weight in weights.items()}
        tensors["gradient.input"] = inputs.grad
        if state is not None:
            tensors["gradient.initial_state"] = state.grad
        tensors |= {f"gradient.parameters.{name}": value.grad for name, value in module.named_parameters()}
    return tensors, describe(
        kind=type(module).__name__, input_size=case.inputs, hidden_size=case.hidden, num_layers=case.layers,
        nonlinearity=case.nonlinearity, bias=case.bias, batch_first=case.batch_first, unbatched=case.unbatched,
        seed=seed, torch=torch.__version__, repr=module, dtype="F64")


def build_cells(name: str, kind: str, sizes: list[int]) -> tuple[Tensors, dict[str, str]]:
    """Runs cells of the given sizes, each feeding the next, over 10 steps from zero states."""
    seed = seed_of(name)
    torch.manual_seed(seed)
    cells = [nn.RNNCell(*pair).double() for pair in itertools.pairwise(sizes)]
    inputs = random([10, 3, sizes[0]])
    states: list[torch.Tensor | None] = [None] * len(cells)
    for step in inputs:
        for index, cell in enumerate(cells):
            step = states[index] = cell(step, states[index])
    metadata = describe(
        kind=kind, input_size=sizes[0], hidden_size=sizes[-1], num_layers=1, nonlinearity="tanh", bias=True,
        batch_first=False, unbatched=False, seed=seed, torch=torch.__version__,
        repr="\n".join(map(str, cells)), dtype="F32")
    tensors = {"input": inputs.float(), "output": states[-1]}
    for index, cell in enumerate(cells, start=1):
        prefix = f"cell{index}." if len(cells) > 1 else ""
        tensors |= {f"parameters.{prefix}{key}": value.float() for key, value in cell.state_dict().items()}
        if prefix:
            metadata |= describe(**{f"{prefix}input_size": cell.input_size, f"{prefix}hidden_size": cell.hidden_size})
    return tensors, metadata


def main() -> None:
    """Writes all fixtures and lists them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("Fixtures"), metavar="DIR")
    directory = parser.parse_args().output
    directory.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    fixtures = {case.name: build(case) for case in grid_cases() + extra_cases()}
    for name, kind, sizes in (("rnncell-loop-t10-b3-i100-h20", "RNNCellLoop", [100, 20]),
                              ("rnncell-chain-t10-b3-i100-h30-h20", "RNNCellChain", [100, 30, 20])):
        fixtures[name] = build_cells(name, kind, sizes)
    print(f"torch {torch.__version__}")
    total = 0
    for name, (tensors, metadata) in fixtures.items():
        size = save(directory / f"{name}.safetensors", tensors, metadata)
        total += size
        print(f"{size:7d}  {name}.safetensors")
    print(f"{total:7d}  in {len(fixtures)} files")


if __name__ == "__main__":
    main()
