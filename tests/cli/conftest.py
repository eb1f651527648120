"""What holds for every test of the command."""

import pytest

from minigrad.kernels import compiling


@pytest.fixture(autouse=True)
def compiling_is_not_told():
    """That kernels are compiled is said once in a process: here, so that what a command says is the same each time."""
    compiling._announce()
