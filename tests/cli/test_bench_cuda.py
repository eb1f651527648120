"""`rnn-lab bench --device cuda`: who is compared with what and by which clock, without a GPU: workers are stand-ins."""

import json
from dataclasses import replace

import pytest

from cli.lab.bench import implementations, measuring, timing
from cli.lab.bench.implementations import ON_CUDA
from cli.lab.bench.workloads import LARGE, TRAINING, Workload, chosen
from cli.main import run
from minigrad.remote import Found

TINY = Workload("tiny", "rnn", 5, steps=4, batch=3, vocabulary=6)

# An implementation whose own clock says something else than the processor's.
WORKER = """
import json
def start(threads, variant):
    global SAYS
    SAYS = json.loads(variant)
    return "1.5"
def load(workload, problem): return Work()
class Work:
    def check(self): return [2.0, 1.0]
    def gradients(self): return [1.0, 0.5 + SAYS.get("off", 0.0)]
    def step(self): pass
def on_device(step, times): return SAYS["ms"] / 1e3
"""


@pytest.fixture
def cast(monkeypatch, tmp_path):
    """Stand-ins for all that take part, with what is special about some of them."""
    (tmp_path / "worker.py").write_text(WORKER)
    monkeypatch.setattr(measuring, "found", lambda: Found("numba-cuda", False, device="Abacus 3000"))
    monkeypatch.setattr("cli.lab.bench.workloads.TRAINING", (TINY,))
    monkeypatch.setattr(timing, "WARM", 0.02)
    monkeypatch.setattr(implementations, "cores", lambda: 2)

    def call(**special):
        names = {"cpu": {"ms": 900}, "ours": {"ms": 2}, "torch": {"ms": 5}}
        table = {
            name: replace(one, script=tmp_path / "worker.py", variant=json.dumps(names[name] | special.get(name, {})))
            for name, one in ON_CUDA.items()
            if name in names
        }
        monkeypatch.setattr(measuring, "ON_CUDA", table | {"jax": ON_CUDA["jax"]})

    return call


def bench(capsys, *more, status=0):
    assert run(["bench", "tiny", "--device", "cuda", "--rounds", "2", *more]) == status
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_times_are_the_devices_own_and_ours_on_the_cpu_only_says_what_is_right(cast, capsys):
    cast()
    row, last = map(json.loads, bench(capsys, "--json").splitlines())
    assert (row["ours_ms"], row["torch_ms"], row["ratio"]) == (pytest.approx(2), pytest.approx(5), pytest.approx(2.5))
    assert row["device"] == last["device"] == "cuda"
    assert (last["gpu"], last["tf32"]) == ("Abacus 3000", False)
    assert row["jax_ms"] is None
    assert row["jax_ms_reason"] == "JAX is not timed on a GPU"
    assert row["floor_share"] is None
    assert row["floor_share_reason"]
    assert not any(name.startswith(("cpu", "stepwise")) for name in row)


def test_a_gradient_that_is_off_by_more_than_a_thousandth_is_found(cast, capsys):
    cast(ours={"off": 0.4e-3}, torch={"off": 0.6e-3})
    row, last = map(json.loads, bench(capsys, "--json", status=1).splitlines())
    assert row["ours_ms"] == pytest.approx(2)
    assert row["torch_ms"] is None
    assert "differ by 1.2e-03 from those of our layers on the CPU" in row["torch_ms_reason"]
    assert last["geometric_mean"] is None


def test_people_are_told_of_the_gpu_and_the_clock(cast, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    cast()
    text = " ".join(bench(capsys, "--plain").split())
    assert "Abacus 3000, rnn-lab 1.5, torch 1.5" in text
    assert "2.50 times as fast" in text
    assert "with TF32 off in torch" in text
    assert "900" not in text


def test_the_large_one_is_timed_on_a_gpu_unless_others_are_named():
    assert chosen((), "cuda") == (*TRAINING, *LARGE)
    assert chosen(()) == TRAINING
    assert [w.name for w in chosen(("lstm-512-large",))] == ["lstm-512-large"]
    (large,) = LARGE
    assert (large.batch, large.hidden, large.steps, large.cell) == (1024, 512, 35, "lstm")


@pytest.mark.parametrize("name", ["memory", "generate", "length"])
def test_what_is_measured_on_the_cpu_only_is_refused(name, capsys):
    assert run(["bench", name, "--device", "cuda"]) == 2
    assert capsys.readouterr().err.startswith(f"rnn-lab: {name} is measured on the CPU only; --device cuda; ")


def test_times_of_the_simulator_are_refused(monkeypatch, capsys):
    monkeypatch.setattr(measuring, "found", lambda: Found("numba, simulated", True, device="a simulated GPU"))
    assert run(["bench", "--device", "cuda"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "simulator" in err
    assert "unset NUMBA_ENABLE_CUDASIM" in err
