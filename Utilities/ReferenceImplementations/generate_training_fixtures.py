"""Generates golden fixtures for training from PyTorch's own results.

One .safetensors file for each topic; the metadata's "kind" tells which:

    Linear      parameters.<name>, input, output, output_gradient,
                gradient.input, gradient.parameters.<name>
    Losses      prediction, target, <loss>.value, <loss>.gradient;
                logits, classes, cross_entropy.value, cross_entropy.gradient
    CrossEntropy  logits, classes, weights (if there are any); value, gradient
    Optimizer   parameters.<name>, gradients.<name> (steps first),
                trajectory.<name> (the parameters after each step),
                state.<kind>.<name> (what is remembered after the last)
    Clipping    gradients.<name>; norm; for each limit: limit.<i>, clipped.<i>.<name>;
                value_limit, value_clipped.<name>
    Schedules   <schedule>: learning rates by epoch; plateau.<i>.metrics and
                plateau.<i>.rates
    Training    parameters.<name>, input, target, losses (one before each step),
                trained.<name> (the parameters after the last step) and
                output, what the model gives with these

Everything is computed and stored in float64.  Parameters, inputs and gradients
are exactly representable in float32.  Options are in the metadata.
"""

import argparse
import zlib
from pathlib import Path

import torch
from torch import nn
from torch.optim import lr_scheduler

from stable_safetensors import save

Tensors = dict[str, torch.Tensor]
Fixture = tuple[Tensors, dict[str, str]]

STEPS = 20
SHAPES = {"weight": (3, 4), "bias": (3,)}

OPTIMIZERS: dict[str, tuple[type[torch.optim.Optimizer], dict[str, object]]] = {
    "sgd": (torch.optim.SGD, dict(lr=0.1)),
    "sgd-decay": (torch.optim.SGD, dict(lr=0.1, weight_decay=0.05)),
    "sgd-momentum": (torch.optim.SGD, dict(lr=0.05, momentum=0.9)),
    "sgd-dampening": (torch.optim.SGD, dict(lr=0.05, momentum=0.9, dampening=0.5, weight_decay=0.01)),
    "sgd-nesterov": (torch.optim.SGD, dict(lr=0.05, momentum=0.9, weight_decay=0.01, nesterov=True)),
    "adam": (torch.optim.Adam, {}),
    "adam-decay": (torch.optim.Adam, dict(lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
    "adamw": (torch.optim.AdamW, {}),
    "adamw-decay": (torch.optim.AdamW, dict(lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
    "rmsprop": (torch.optim.RMSprop, {}),
    "rmsprop-momentum": (torch.optim.RMSprop, dict(lr=0.005, alpha=0.9, momentum=0.5, weight_decay=0.01)),
    "rmsprop-centered": (torch.optim.RMSprop, dict(lr=0.005, alpha=0.95, centered=True, eps=1e-6)),
    "rmsprop-all": (torch.optim.RMSprop, dict(lr=0.005, alpha=0.9, centered=True, momentum=0.9)),
}
"""The options of every optimizer fixture; what is left out is PyTorch's default."""

TRAINING_STEPS = 10
TRAINING: dict[str, tuple[type[torch.optim.Optimizer], dict[str, object]]] = {
    "training-sgd-momentum": (torch.optim.SGD, dict(lr=0.05, momentum=0.9)),
    "training-adam": (torch.optim.Adam, dict(eps=0.001)),
}
"""The optimizers that a whole model is trained with; what is left out is PyTorch's default.

Adam's eps is large, since rounding errors part the ways of two programs where a
gradient is near zero: its step is then the sign of a number that is little known.
"""

LINEAR = {
    "linear-b5-i4-o3": ([5], 4, 3, True),
    "linear-t3-b2-i7-o17": ([3, 2], 7, 17, True),
    "linear-nobias-b9-i33-o1": ([9], 33, 1, False),
    "linear-unbatched-i6-o5": ([], 6, 5, True),
    "linear-b1-i1-o1": ([1], 1, 1, True),
    "linear-b0-i3-o2": ([0], 3, 2, True),
}
"""Leading axes, input size, output size, bias."""

CROSS_ENTROPY = {
    f"cross-entropy{'-ignored' * ignores}{'-weighted' * weighs}{'-smoothed' * (smoothing > 0)}": (
        ignores,
        weighs,
        smoothing,
    )
    for ignores in (False, True)
    for weighs in (False, True)
    for smoothing in (0.0, 0.1)
}
"""Whether a class is ignored, whether classes have weights, and the label smoothing."""


def seed(name: str) -> int:
    """Seeds PyTorch by the fixture's name; returns the seed."""
    value = zlib.crc32(name.encode())
    torch.manual_seed(value)
    return value


def random(shape: list[int] | tuple[int, ...]) -> torch.Tensor:
    """Normal float32 values, as float64."""
    return torch.randn(shape, dtype=torch.float32).double()


def describe(kind: str, **values: object) -> dict[str, str]:
    """Metadata: every value as a string, Booleans as "true" and "false"."""
    values = dict(kind=kind, torch=torch.__version__, dtype="F64") | values
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in values.items()}


def linear(name: str) -> Fixture:
    """One nn.Linear and the gradients of sum(output * output_gradient)."""
    leading, inputs, outputs, bias = LINEAR[name]
    number = seed(name)
    module = nn.Linear(inputs, outputs, bias).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(parameter.float())
    x = random(leading + [inputs]).requires_grad_()
    y = module(x)
    weights = random(y.shape)
    (y * weights).sum().backward()
    tensors = {f"parameters.{key}": value for key, value in module.state_dict().items()}
    tensors |= {"input": x, "output": y, "output_gradient": weights, "gradient.input": x.grad}
    tensors |= {f"gradient.parameters.{key}": value.grad for key, value in module.named_parameters()}
    return tensors, describe("Linear", seed=number, repr=module)


def losses() -> Fixture:
    """The losses and their gradients, with differences of 0 and on Huber's boundary, and extreme logits."""
    number = seed("losses")
    prediction = random((3, 4, 2))
    target = random((3, 4, 2))
    target[0, 0] = prediction[0, 0]
    prediction[0, 1] = torch.tensor([1.5, -2.0])
    target[0, 1] = torch.tensor([1.0, -2.5])
    logits = 4 * random((5, 3, 7))
    logits[0, 0] = torch.tensor([1000.0, 999.0, 0, -1000, 1, 2, 3])
    logits[1, 1, 2] = -torch.inf
    classes = torch.randint(7, (5, 3))
    classes[1, 1] = 4
    tensors = {"prediction": prediction, "target": target, "logits": logits, "classes": classes.double()}
    criteria = {"mse": nn.MSELoss(), "l1": nn.L1Loss(), "huber": nn.HuberLoss(), "huber_half": nn.HuberLoss(delta=0.5)}
    for key, criterion in criteria.items():
        leaf = prediction.clone().requires_grad_()
        value = criterion(leaf, target)
        value.backward()
        tensors |= {f"{key}.value": value, f"{key}.gradient": leaf.grad}
    leaf = logits.clone().requires_grad_()
    value = nn.CrossEntropyLoss()(leaf.reshape(15, 7), classes.reshape(15))
    value.backward()
    tensors |= {"cross_entropy.value": value, "cross_entropy.gradient": leaf.grad}
    return tensors, describe("Losses", seed=number)


def cross_entropy(name: str) -> Fixture:
    """nn.CrossEntropyLoss with options, on logits of which some rows are nearly certain."""
    ignores, weighs, smoothing = CROSS_ENTROPY[name]
    number = seed(name)
    logits = 4 * random((4, 3, 37))
    logits[0] *= 16
    classes = torch.randint(37, (4, 3))
    logits[1, 0, classes[1, 0]] = 40
    options: dict[str, object] = {"label_smoothing": smoothing}
    tensors = {"logits": logits, "classes": classes.double()}
    if ignores:
        options["ignore_index"] = int(classes[2, 1])
    if weighs:
        tensors["weights"] = options["weight"] = random((37,)).abs()
    leaf = logits.clone().requires_grad_()
    value = nn.CrossEntropyLoss(**options)(leaf.reshape(12, 37), classes.reshape(12))
    value.backward()
    tensors |= {"value": value, "gradient": leaf.grad}
    options.pop("weight", None)
    return tensors, describe("CrossEntropy", seed=number, **options)


def settings(instance: torch.optim.Optimizer) -> dict[str, object]:
    """The options of an optimizer that are numbers."""
    used = {key: value for key, value in instance.defaults.items() if isinstance(value, (bool, int, float))}
    if "betas" in instance.defaults:
        used["beta1"], used["beta2"] = instance.defaults["betas"]
    return used


def optimizer(name: str) -> Fixture:
    """The steps of one optimizer along given gradients."""
    kind, options = OPTIMIZERS[name]
    number = seed(name)
    parameters = {key: nn.Parameter(random(shape)) for key, shape in SHAPES.items()}
    gradients = {key: random((STEPS, *shape)) for key, shape in SHAPES.items()}
    tensors = {f"parameters.{key}": value.clone() for key, value in parameters.items()}
    tensors |= {f"gradients.{key}": value for key, value in gradients.items()}
    instance = kind(parameters.values(), **options)
    trajectory: dict[str, list[torch.Tensor]] = {key: [] for key in parameters}
    for step in range(STEPS):
        for key, parameter in parameters.items():
            parameter.grad = gradients[key][step].clone()
        instance.step()
        for key, parameter in parameters.items():
            trajectory[key].append(parameter.detach().clone())
    tensors |= {f"trajectory.{key}": torch.stack(value) for key, value in trajectory.items()}
    for key, parameter in parameters.items():
        for entry, value in instance.state[parameter].items():
            if entry != "step" and isinstance(value, torch.Tensor):
                tensors[f"state.{entry}.{key}"] = value
    return tensors, describe("Optimizer", seed=number, optimizer=kind.__name__, steps=STEPS, **settings(instance))


class SequenceModel(nn.Module):
    """Two recurrent layers, and an affine one on each of their outputs."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.rnn = nn.RNN(inputs, hidden, num_layers=2)
        self.head = nn.Linear(hidden, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.rnn(x)[0])


def training(name: str) -> Fixture:
    """The losses of a model that is trained on one batch, and what becomes of it."""
    kind, options = TRAINING[name]
    number = seed(name)
    model = SequenceModel(3, 5, 2).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.float())
    x, target = random((6, 4, 3)), random((6, 4, 2))
    tensors = {f"parameters.{key}": value.clone() for key, value in model.state_dict().items()}
    tensors |= {"input": x, "target": target}
    instance = kind(model.parameters(), **options)
    losses = []
    for _ in range(TRAINING_STEPS):
        instance.zero_grad()
        loss = nn.functional.mse_loss(model(x), target)
        losses.append(loss.detach())
        loss.backward()
        instance.step()
    tensors |= {"losses": torch.stack(losses), "output": model(x)}
    tensors |= {f"trained.{key}": value for key, value in model.state_dict().items()}
    return tensors, describe(
        "Training", seed=number, optimizer=kind.__name__, steps=TRAINING_STEPS, **settings(instance)
    )


def clipping() -> Fixture:
    """Gradients clipped by norm, above and below the limit, and by value."""
    number = seed("clipping")
    gradients = {key: random(shape) for key, shape in SHAPES.items()}
    tensors = {f"gradients.{key}": value for key, value in gradients.items()}

    def clipped(clip) -> dict[str, torch.Tensor]:
        parameters = {key: nn.Parameter(torch.zeros_like(value)) for key, value in gradients.items()}
        for key, parameter in parameters.items():
            parameter.grad = gradients[key].clone()
        norm = clip(list(parameters.values()))
        if norm is not None:
            tensors["norm"] = norm
        return {key: parameter.grad for key, parameter in parameters.items()}

    for index, limit in enumerate((0.5, 1.0, 100.0)):
        tensors[f"limit.{index}"] = torch.tensor(limit, dtype=torch.float64)
        values = clipped(lambda parameters: nn.utils.clip_grad_norm_(parameters, limit))
        tensors |= {f"clipped.{index}.{key}": value for key, value in values.items()}
    tensors["value_limit"] = torch.tensor(0.25, dtype=torch.float64)
    values = clipped(lambda parameters: nn.utils.clip_grad_value_(parameters, 0.25))
    tensors |= {f"value_clipped.{key}": value for key, value in values.items()}
    return tensors, describe("Clipping", seed=number)


def rates(rate: float, make, epochs: int) -> torch.Tensor:
    """The learning rate in each epoch of a schedule."""
    instance = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=rate)
    schedule = make(instance)
    result = []
    for _ in range(epochs):
        result.append(instance.param_groups[0]["lr"])
        instance.step()
        schedule.step()
    return torch.tensor(result, dtype=torch.float64)


def warm_up(instance: torch.optim.Optimizer) -> lr_scheduler.LRScheduler:
    """Five epochs of linear warm-up, then a cosine."""
    first = lr_scheduler.LinearLR(instance, start_factor=0.1, total_iters=5)
    return lr_scheduler.SequentialLR(instance, [first, lr_scheduler.CosineAnnealingLR(instance, 20)], milestones=[5])


PLATEAUS = [
    dict(factor=0.5, patience=2),
    dict(factor=0.1, patience=1, cooldown=2, threshold=0.05, min_lr=1e-3),
    dict(factor=0.5, patience=2, mode="max"),
    dict(factor=0.5, patience=0, threshold=0.01, threshold_mode="abs"),
]


def plateau(options: dict[str, object]) -> Tensors:
    """The learning rate after each of 40 noisy, slowly improving metrics."""
    metrics = (3 * torch.exp(-torch.arange(40) / 8) + 0.2 * torch.rand(40)).float().double()
    if options.get("mode") == "max":
        metrics = -metrics
    instance = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    schedule = lr_scheduler.ReduceLROnPlateau(instance, **options)
    result = []
    for metric in metrics:
        instance.step()
        schedule.step(metric)
        result.append(instance.param_groups[0]["lr"])
    return {"metrics": metrics, "rates": torch.tensor(result, dtype=torch.float64)}


def schedules() -> Fixture:
    """Learning rates of every schedule."""
    number = seed("schedules")
    tensors = {
        "step": rates(0.1, lambda o: lr_scheduler.StepLR(o, 7, gamma=0.3), 40),
        "cosine": rates(0.1, lambda o: lr_scheduler.CosineAnnealingLR(o, 12, eta_min=0.01), 40),
        "linear": rates(0.1, lambda o: lr_scheduler.LinearLR(o), 12),
        "warm_up": rates(0.1, warm_up, 40),
    }
    for index, options in enumerate(PLATEAUS):
        tensors |= {f"plateau.{index}.{key}": value for key, value in plateau(options).items()}
    return tensors, describe("Schedules", seed=number)


def main() -> None:
    """Writes all fixtures and lists them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("Fixtures"), metavar="DIR")
    directory = parser.parse_args().output
    directory.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    fixtures = {name: linear(name) for name in LINEAR}
    fixtures |= {f"optimizer-{name}": optimizer(name) for name in OPTIMIZERS}
    fixtures |= {name: training(name) for name in TRAINING}
    fixtures |= {name: cross_entropy(name) for name in CROSS_ENTROPY}
    fixtures |= {"losses": losses(), "clipping": clipping(), "schedules": schedules()}
    print(f"torch {torch.__version__}")
    total = 0
    for name, (tensors, metadata) in fixtures.items():
        size = save(directory / f"{name}.safetensors", tensors, metadata)
        total += size
        print(f"{size:7d}  seed {metadata['seed']:>10}  {name}.safetensors")
    print(f"{total:7d}  in {len(fixtures)} files")


if __name__ == "__main__":
    main()
