"""A run's weights in torch: the three lines of the README, where torch is."""

import numpy as np
import pytest
from train_cases import train, written

from cli.lab import runs
from minigrad import no_grad

torch = pytest.importorskip("torch")
LAYERS = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}


@pytest.mark.parametrize("cell", LAYERS)
@pytest.mark.parametrize("name", ["last.safetensors", "best.safetensors"])
def test_weights_open_in_torch_and_give_the_same_scores(cell, name, tmp_path, capsys):
    assert train(written(tmp_path), tmp_path / "r", "--cell", cell, "--layers", "2") == 0
    run = runs.load(str(tmp_path / "r" / name))
    v, h = len(run.vocab), run.settings.hidden

    from safetensors.torch import load_file

    net = torch.nn.ModuleDict({"rnn": LAYERS[cell](v, h, num_layers=2), "head": torch.nn.Linear(h, v)})
    net.load_state_dict(load_file(tmp_path / "r" / name))

    ids = np.random.default_rng(0).integers(0, v, (12, 3))
    with torch.no_grad():
        wanted = net["head"](net["rnn"](torch.nn.functional.one_hot(torch.tensor(ids), v).float())[0]).numpy()
    with no_grad(), run.model.evaluating():
        scores = run.model(ids)[0].numpy()
    assert abs(scores - wanted).max() <= 1e-5 * abs(wanted).max()
