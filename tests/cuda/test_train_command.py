"""`rnn-lab train --device cuda`: the run that the CPU makes, and runs that go on where they were not begun."""

import json

import pytest

from cli.lab import runs
from cli.main import run
from minigrad import relative_error

SIZES = ["--hidden", "8", "--batch", "2", "--window", "5", "--steps", "3"]
TINY = [*SIZES, "--evaluate-every", "never", "--checkpoint-every", "1", "--clip", "0.1"]
TEXT = "the rain it raineth every day, and every night it rains away.\n" * 3


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """By device: the rows of a run of three steps, and its folder."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "rhyme.txt").write_text(TEXT, encoding="utf-8")
    text = str(folder / "rhyme.txt")
    made = {}
    for device in ("cpu", "cuda"):
        assert (
            run(["train", "--corpus", text, *TINY, "--device", device, "--out", str(folder / device), "--plain"]) == 0
        )
        rows = (folder / device / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        made[device] = list(map(json.loads, rows)), folder / device
    return made


def steps(rows):
    return [row for row in rows if row["event"] == "step"]


def test_perplexity_and_gradient_norm_of_each_step_are_the_cpus(trained):
    (here, _), (there, _) = trained["cpu"], trained["cuda"]
    assert [row["step"] for row in steps(there)] == [1, 2, 3]
    for ours, theirs in zip(steps(there), steps(here), strict=True):
        for key in ("train_perplexity", "grad_norm"):
            assert ours[key] == pytest.approx(theirs[key], rel=1e-4)
    for key in ("train_perplexity", "held_out_perplexity"):
        assert there[-1][key] == pytest.approx(here[-1][key], rel=1e-4)


def test_runs_are_read_alike_wherever_they_were_trained(trained, capsys):
    models = {device: runs.load(str(folder)).model for device, (_, folder) in trained.items()}
    assert {m.rnn.device for m in models.values()} == {"cpu"}
    first, second = (m.state_dict() for m in models.values())
    assert max(relative_error(second[name], first[name]) for name in first) < 1e-4
    folder = str(trained["cuda"][1])
    assert run(["sample", folder, "--length", "6", "--prompt", "the"]) == 0
    assert capsys.readouterr().out.startswith("the")
    assert run(["compare", folder, "--json"]) == 0
    rows = list(map(json.loads, capsys.readouterr().out.splitlines()))
    found = next(row for row in rows if row["model"] == "run cuda")
    assert found["held_out_perplexity"] == pytest.approx(trained["cuda"][0][-1]["held_out_perplexity"], rel=1e-5)


def test_runs_go_on_on_the_other_device(trained, capsys):
    """One more step each: the fourth is the same, with the state, the optimiser and the place in the text."""
    fourth = {}
    for device, other in (("cuda", "cpu"), ("cpu", "cuda")):
        folder = trained[device][1]
        assert run(["train", "--resume", str(folder), "--device", other, "--steps", "4", "--json"]) == 0
        (fourth[other],) = steps(map(json.loads, capsys.readouterr().out.splitlines()))
        assert f'device = "{other}"' in (folder / "config.toml").read_text(encoding="utf-8")
    assert fourth["cpu"]["step"] == fourth["cuda"]["step"] == 4
    for key in ("train_perplexity", "grad_norm"):
        assert fourth["cuda"][key] == pytest.approx(fourth["cpu"][key], rel=1e-4)
