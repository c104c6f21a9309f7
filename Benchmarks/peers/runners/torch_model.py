"""PyTorch's training step of a word model."""

import protocol
import safetensors.torch
import torch


class Model(torch.nn.Module):
    """Layers of LSTMs, and a linear one over all words."""

    def __init__(self, weights):
        super().__init__()
        classes, hidden_size = weights["head.weight"].shape
        input_size = weights["lstm.weight_ih_l0"].shape[1]
        layers = sum(name.startswith("lstm.weight_ih") for name in weights)
        self.lstm = torch.nn.LSTM(input_size, hidden_size, layers)
        self.head = torch.nn.Linear(hidden_size, classes)
        self.load_state_dict(weights)

    def forward(self, x):
        return self.head(self.lstm(x)[0])


def serve(arguments):
    """Serves steps of the model with stochastic gradient descent, by the fastest form of the update."""
    weights = safetensors.torch.load_file(f"{arguments.folder}/model.safetensors")
    x = torch.from_numpy(arguments.array("x"))
    targets = torch.from_numpy(arguments.array("targets")).long().flatten()
    rate = float(arguments.settings["learning-rate"])

    def training(**settings):
        """A model, and a call of a step of its training."""
        model = Model({name: array.clone() for name, array in weights.items()})
        optimizer = torch.optim.SGD(model.parameters(), lr=rate, **settings)

        def call():
            optimizer.zero_grad(set_to_none=True)
            loss = torch.nn.functional.cross_entropy(model(x).flatten(0, 1), targets)
            loss.backward()
            optimizer.step()
            return loss

        return model, call

    kinds = {"SGD": {}, "SGD, foreach": {"foreach": True}, "SGD, fused": {"fused": True}}
    name, _ = protocol.fastest({name: training(**settings)[1] for name, settings in kinds.items()})
    # The steps of that choice have changed its parameters.
    model, call = training(**kinds[name])

    def arrays(loss):
        found = {f"parameter_{name}": parameter.detach().numpy() for name, parameter in model.named_parameters()}
        return found | {"loss": loss.detach().numpy()}

    protocol.serve(arguments, f"{torch.__version__}, eager, {name}", call, arrays)
