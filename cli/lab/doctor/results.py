"""What an examination finds out. Where nothing could be found out there is None."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Machine:
    """The computer, and which versions of what run on it. `cores` are those that this process may use."""

    python: str
    executable: str
    system: str
    processor: str
    cores: int
    versions: Mapping[str, str | None]
    variables: Mapping[str, str]  # those that say how many threads there are, as far as they are set


@dataclass(frozen=True)
class Blas:
    """What multiplies large matrices for NumPy; the threads it will take, where it tells."""

    name: str
    version: str
    threads: int | None


@dataclass(frozen=True)
class Kernels:
    """How kernels are compiled and run: for which processor, with vectors of how many bytes, in how many threads."""

    processor: str
    vectors: str
    vector_bytes: int
    fused_multiply_add: bool
    threads: int


@dataclass(frozen=True)
class Older:
    """Folders of the cache that are not looked at any more, by the Numba and the Python that they were for."""

    numba: str
    python: str
    folders: int
    bytes: int


@dataclass(frozen=True)
class Cache:
    """Where compiled kernels are kept; `obstacle` is why nothing can be, `free` the bytes left on the disk.

    Of `of` kernels there are `kernels` in it, each for one combination of types or for several: `variants`.
    """

    folder: str
    named_by: str | None
    obstacle: str | None
    free: int | None
    kernels: int
    of: int
    variants: int
    bytes: int
    older: tuple[Older, ...]


@dataclass(frozen=True)
class Choice:
    """What `implementation="auto"` takes for a cell and a type of its weights."""

    cell: str
    dtype: str
    takes: Literal["fused", "stepwise", "refused"]
    why: str


@dataclass(frozen=True)
class CudaKernels:
    """What is computed there: `fused` are the cells whose whole sequences are a launch, `stepwise` those made of ops.

    `ops` is how many ops have a launcher, `lacking` those that have none.
    """

    fused: tuple[str, ...]
    stepwise: tuple[str, ...]
    ops: int
    lacking: tuple[str, ...]


@dataclass(frozen=True)
class Cuda:
    """The way to an NVIDIA GPU: what is there, and of what is in the way the first thing, with what helps.

    `package` compiles, by name and version; `deprecated` if it is the target that comes with Numba.
    """

    package: str | None
    deprecated: bool
    driver: str | None
    devices: tuple[str, ...]
    simulated: bool
    kernels: CudaKernels | None
    missing: str | None
    remedy: str | None


@dataclass(frozen=True)
class Place:
    """A folder in which texts are looked for."""

    folder: str
    named_by: str | None
    there: bool


@dataclass(frozen=True)
class Known:
    """A text that is known and not shipped: where it is, or why it is not, and what helps."""

    name: str
    path: str | None
    problem: str | None
    remedy: str | None


@dataclass(frozen=True)
class Texts:
    """Where texts lie that are not shipped."""

    places: tuple[Place, ...]
    texts: tuple[Known, ...]


@dataclass(frozen=True)
class Report:
    """All of it. `broken` are the faults that keep rnn-lab from working, each with what helps."""

    machine: Machine
    peers: Mapping[str, str | None]
    blas: Blas | None
    kernels: Kernels | None
    cache: Cache | None
    choices: tuple[Choice, ...]
    cuda: Cuda | None
    texts: Texts | None
    broken: tuple[str, ...]

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each part, and last the verdict, under the names that programs read."""
        for name in ("machine", "blas", "kernels", "cache", "cuda", "texts"):
            part = getattr(self, name)
            yield {"part": name} | ({"reason": "it could not be looked at"} if part is None else asdict(part))
        yield {"part": "peers", **self.peers}
        for choice in self.choices:
            yield {"part": "layer", **asdict(choice)}
        yield {"part": "verdict", "ok": not self.broken, "broken": list(self.broken)}
