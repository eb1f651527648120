"""minigrad on a GPU, through numba.cuda. Imported when a device array is asked for, never before.

`array` says what a device array is, `memory` where it comes from, `launching` how kernels are run; the other files
hold the kernels, and `table` which op finds which.
"""

from minigrad.cuda.array import DeviceArray
from minigrad.cuda.elementwise import plain, raw
from minigrad.cuda.launching import kernel
from minigrad.cuda.memory import empty, from_interface, from_numpy, full, zeros
from minigrad.cuda.products import matmul, product
from minigrad.cuda.table import LAUNCHERS  # and with it all that answers NumPy's functions

__all__ = [
    "LAUNCHERS", "DeviceArray", "empty", "from_interface", "from_numpy", "full", "kernel", "matmul", "plain",
    "product", "raw", "zeros",
]  # fmt: skip
