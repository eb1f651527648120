"""What `rnn-lab doctor` says of CUDA, of drivers and packages that are there, missing or broken."""

import ctypes
import json

import pytest

from cli.lab.doctor import cuda
from cli.main import run
from minigrad import ops
from minigrad.remote import Found


class Driver:
    """An NVIDIA driver as `ctypes` would give it, with these devices; `status` is what `cuInit` returns."""

    def __init__(self, devices=(), status=0):
        self.devices, self.status = devices, status

    def __getitem__(self, name):
        return getattr(self, name)

    def cuInit(self, flags):
        return self.status

    def cuDriverGetVersion(self, found):
        found._obj.value = 12040
        return 0

    def cuDeviceGetCount(self, found):
        found._obj.value = len(self.devices)
        return 0

    def cuDeviceGetName(self, name, size, number):
        name.value = self.devices[number.value].encode()
        return 0

    def cuDeviceTotalMem_v2(self, found, number):
        found._obj.value = 80 << 30
        return 0

    def cuDeviceGetAttribute(self, found, which, number):
        found._obj.value = {75: 9, 76: 0}[which.value]
        return 0

    def cuGetErrorString(self, status, found):
        found._obj.value = b"no CUDA-capable device is detected"
        return 0


@pytest.fixture
def driver(monkeypatch):
    """Let `ctypes` find this driver, numba-cuda be installed, or not, and the engine miss this."""
    monkeypatch.delenv("NUMBA_ENABLE_CUDASIM", raising=False)

    def install(found, package=None, compiler=None, missing=""):
        def load(name):
            if found is None:
                raise OSError("no such library")
            return found

        monkeypatch.setattr(ctypes, "CDLL", load)
        monkeypatch.setattr(cuda, "versions", lambda names: {"numba-cuda": package, "numba": None})
        monkeypatch.setattr(cuda, "_no_compiler", lambda: compiler)
        monkeypatch.setattr(cuda, "found", lambda: Found("numba-cuda", False, missing=missing))

    return install


def test_without_a_driver_it_says_how_to_have_one(driver):
    driver(None)
    found = cuda.cuda()
    assert (found.driver, found.devices) == (None, ())
    assert "driver" in found.missing
    assert 'install its driver, then `pip install "numba-cuda[cu12]"`' in found.remedy


def test_devices_are_named_and_the_package_is_asked_for(driver, monkeypatch):
    driver(Driver(["Abacus 3000", "Slide Rule"]))
    found = cuda.cuda()
    assert found.driver == "12.4"
    assert found.devices == tuple(f"{n}, 80 GiB, compute capability 9.0" for n in ("Abacus 3000", "Slide Rule"))
    assert found.package is None
    assert found.remedy == '`pip install "numba-cuda[cu12]"`'
    driver(Driver(["Abacus 3000"]), package="0.20.0")
    found = cuda.cuda()
    assert (found.missing, found.package, found.deprecated) == (None, "numba-cuda 0.20.0", False)
    monkeypatch.setattr(cuda, "versions", lambda names: {"numba-cuda": None, "numba": "0.61"})
    assert (cuda.cuda().package, cuda.cuda().deprecated) == ("numba 0.61", True)


def test_what_the_engine_misses_is_said_last(driver):
    driver(Driver(["Abacus 3000"]), "0.20.0", compiler="no libnvvm", missing="the driver is too old")
    assert cuda.cuda().missing == "NVIDIA's compiler is not found (no libnvvm)"
    driver(Driver(["Abacus 3000"]), "0.20.0", missing="the driver is too old")
    assert cuda.cuda().missing == "the driver is too old"


def test_layers_and_ops_with_kernels_are_those_of_the_tables(capsys):
    assert run(["doctor", "--json"]) == 0
    rows = map(json.loads, capsys.readouterr().out.splitlines())
    kernels = next(row for row in rows if row["part"] == "cuda")["kernels"]
    assert kernels["fused"] == ["rnn", "relu", "gru", "gru-after", "lstm", "peephole"]
    assert kernels["stepwise"] == ["jordan", "output-recurrence"]
    assert (kernels["ops"], kernels["lacking"]) == (len(ops.TABLE), [])
    run(["doctor", "--plain"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "rnn, relu, gru, gru-after, lstm, peephole: a launch for a whole sequence" in shown


def test_an_op_without_a_launcher_is_named(driver, monkeypatch):
    from minigrad.cuda import LAUNCHERS

    driver(Driver(["Abacus 3000"]), "0.20.0")
    monkeypatch.delitem(LAUNCHERS, "tanh")
    assert cuda.cuda().kernels.lacking == ("tanh",)
    assert cuda.cuda().kernels.ops == len(ops.TABLE) - 1


def test_kernels_that_cannot_be_imported_are_no_fault_but_are_said(driver, monkeypatch):
    def refused(name):
        raise ImportError("numba.cuda is broken")

    driver(Driver(["Abacus 3000"]), "0.20.0")
    monkeypatch.setattr(cuda, "import_module", refused)
    assert cuda.cuda().kernels is None
    assert cuda.cuda().missing == "ImportError: numba.cuda is broken"


def test_a_driver_that_refuses_is_quoted(driver):
    driver(Driver(status=100), package="0.20.0")
    assert cuda.cuda().missing == "the driver says: no CUDA-capable device is detected"
    driver(Driver([]), package="0.20.0")
    assert cuda.cuda().missing == "the driver finds no device"


@pytest.mark.parametrize(("value", "simulated"), [("1", True), ("0", False), ("", False)])
def test_a_simulator_set_by_mistake_is_said(driver, monkeypatch, value, simulated):
    driver(Driver(["Abacus 3000"]), package="0.20.0")
    monkeypatch.setenv("NUMBA_ENABLE_CUDASIM", value)
    found = cuda.cuda()
    assert found.simulated == simulated
    expected = ("the simulator is on by NUMBA_ENABLE_CUDASIM: slow, for tests", "unset it")
    assert ((found.missing, found.remedy) == expected) == simulated
