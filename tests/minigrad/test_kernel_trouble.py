"""What is said of compiling, and what is kept; faults of the cache are in `test_kernel_cache` too."""

import errno
import logging

import pytest
from numba.core import caching

from minigrad.kernels import compiling
from minigrad.kernels.compiling import cache_folder, kernel, machine_code

LOG = "minigrad.kernels"


def double(x):
    return 2 * x


def triple(x):
    return 3 * x


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """A cache of the test's own, in a process that has said nothing yet."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    cache_folder.cache_clear()
    compiling._announce.cache_clear()
    monkeypatch.setattr(compiling, "_warned", set())
    yield tmp_path
    cache_folder.cache_clear()


def said(caplog, level):
    return [record.getMessage() for record in caplog.records if record.name == LOG and record.levelno == level]


def compiled_and_loaded(function, argument, expected):
    """A fresh kernel of it is called; how often it had to be compiled, and was found."""
    fresh = kernel(function)
    assert fresh(argument) == expected
    return sum(fresh.stats.cache_misses.values()), sum(fresh.stats.cache_hits.values())


def test_it_is_said_once_that_kernels_are_compiled_and_never_when_they_are_found(caplog):
    with caplog.at_level(logging.INFO, LOG):
        assert compiled_and_loaded(double, 21, 42) == (1, 0)
        assert compiled_and_loaded(triple, 2.0, 6.0) == (1, 0)
        assert len(said(caplog, logging.INFO)) == 1
        compiling._announce.cache_clear()  # as in another process
        assert compiled_and_loaded(double, 21, 42) == (0, 1)
        assert compiled_and_loaded(triple, 2.0, 6.0) == (0, 1)
    assert len(said(caplog, logging.INFO)) == 1
    assert said(caplog, logging.WARNING) == []


def test_machine_code_lies_in_a_file_for_each_type(cache):
    one = kernel(double)
    assert machine_code(one) == []
    one(21)
    one(2.5)
    one(4)
    files = machine_code(one)
    assert len(files) == 2
    assert all(file.is_file() and file.is_relative_to(cache) for file in files)
    assert machine_code(kernel(triple)) == []


@pytest.mark.parametrize("where", ["_save_index", "_save_data"])
def test_what_cannot_be_written_is_computed_and_said_once_of_all_kernels(monkeypatch, caplog, where):
    def full(*args):
        raise OSError(errno.ENOSPC, "as if")

    monkeypatch.setattr(caching.IndexDataCacheFile, where, full)
    assert compiled_and_loaded(double, 21, 42) == (1, 0)
    assert compiled_and_loaded(triple, 2.5, 7.5) == (1, 0)
    (line,) = said(caplog, logging.WARNING)
    assert "cannot be kept" in line
    assert "as if" in line
    monkeypatch.undo()
    assert compiled_and_loaded(double, 21, 42) == (1, 0), "half of it was kept"
    assert compiled_and_loaded(double, 21, 42) == (0, 1), "room again, and still not kept"


def test_what_was_kept_before_the_disk_was_full_is_found_after_it(monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "as if")

    assert compiled_and_loaded(double, 21, 42) == (1, 0)
    with monkeypatch.context() as patch:
        patch.setattr(caching.IndexDataCacheFile, "_save_data", full)
        assert compiled_and_loaded(double, 2.5, 5.0) == (1, 0)
    assert compiled_and_loaded(double, 21, 42) == (0, 1)


def test_functions_of_one_name_in_one_file_are_told_apart():
    """Numba's list goes by the instructions of a function, without the constants in it."""

    def twice():
        def f(x):
            return 2 * x

        return f

    def thrice():
        def f(x):
            return 3 * x

        return f

    made = {2: twice(), 3: thrice()}
    for function in made.values():
        function.__qualname__ = "f"
    assert [kernel(function)(7) for function in made.values()] == [14, 21]
    assert [kernel(function)(7) for function in made.values()] == [14, 21]


def test_a_read_only_folder_is_read(monkeypatch, caplog):
    """As where somebody else has compiled for all: nothing is tried that a reader may not do."""
    compiled_and_loaded(double, 21, 42)

    def refused(*args, **kwargs):
        raise PermissionError(errno.EACCES, "as if")

    monkeypatch.setattr(caching._CacheLocator, "ensure_cache_path", refused)
    monkeypatch.setattr(caching.IndexDataCacheFile, "_open_for_write", refused)
    assert compiled_and_loaded(double, 21, 42) == (0, 1)
    assert said(caplog, logging.WARNING) == []
    assert compiled_and_loaded(triple, 2, 6) == (1, 0)
    assert len(said(caplog, logging.WARNING)) == 1


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.8])
def test_machine_code_of_which_a_bit_has_changed_is_not_run(cache, caplog, share):
    compiled_and_loaded(double, 21, 42)
    (file,) = cache.rglob("*.nbc")
    data = bytearray(file.read_bytes())
    data[int(share * len(data))] ^= 1
    file.write_bytes(data)
    assert compiled_and_loaded(double, 21, 42) == (1, 0)
    assert compiled_and_loaded(double, 21, 42) == (0, 1), "it was not mended"
    (line,) = said(caplog, logging.WARNING)
    assert "compiled again" in line


def test_without_its_list_or_its_code_a_kernel_is_compiled(cache):
    for suffix in (".nbi", ".nbc"):
        compiled_and_loaded(double, 21, 42)
        (file,) = cache.rglob(f"*{suffix}")
        file.unlink()
        assert compiled_and_loaded(double, 21, 42) == (1, 0)
        assert compiled_and_loaded(double, 21, 42) == (0, 1)


def test_the_same_sources_elsewhere_share_what_is_kept(tmp_path):
    """Kernels go by what they are, not by where they stand: a second environment finds them."""
    folders = set()
    for place in ("one", "two"):
        folder = tmp_path / "sources" / place
        folder.mkdir(parents=True)
        (folder / "same.py").write_text("def f(x):\n    return x\n")
        folders.add(cache_folder(folder))
    assert len(folders) == 1
