"""What a setting may be: one check for the command line, for a file of settings, and for what a run remembers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


class Kind(Protocol):
    """Of a setting: `read` takes what was typed, `check` what stands in a file; ValueError says what would do."""

    @property
    def metavar(self) -> str:
        """How it is called in the help."""

    def read(self, text: str) -> Any:
        """The value that was typed."""

    def check(self, value: Any) -> Any:
        """The value, if it is one."""


@dataclass(frozen=True)
class Whole:
    """A whole number of at least `least`; or one of `words`, which stands for a value."""

    least: int = 1
    metavar: str = "N"
    words: Mapping[str, Any] = field(default_factory=dict)

    def read(self, text: str) -> Any:
        """As Python writes numbers."""
        try:
            return self.check(self.words.get(text) if text in self.words else int(text))
        except ValueError:
            raise ValueError(f"it is {text!r}; {self._remedy}") from None

    def check(self, value: Any) -> Any:
        """A bool is not a number here."""
        if type(value) is str and value in self.words:
            return self.words[value]
        if value in self.words.values() or (type(value) is int and value >= self.least):
            return value
        raise ValueError(f"it is {value!r}; {self._remedy}")

    @property
    def _remedy(self) -> str:
        return f"give a whole number of at least {self.least}{''.join(f', or {word}' for word in self.words)}"


@dataclass(frozen=True)
class Number:
    """A finite number above `above`, or of at least `least`, and below `below`; or one of `words`."""

    above: float | None = None
    least: float = -math.inf
    below: float = math.inf
    metavar: str = "X"
    words: Mapping[str, Any] = field(default_factory=dict)

    def read(self, text: str) -> Any:
        """As Python writes numbers."""
        try:
            return self.check(self.words.get(text) if text in self.words else float(text))
        except ValueError:
            raise ValueError(f"it is {text!r}; {self._remedy}") from None

    def check(self, value: Any) -> Any:
        """A whole number will do, a bool not."""
        if type(value) is str and value in self.words:
            return self.words[value]
        if value is None and None in self.words.values():
            return None
        if type(value) in (int, float) and math.isfinite(value) and self._within(value):
            return float(value)
        raise ValueError(f"it is {value!r}; {self._remedy}")

    def _within(self, value: float) -> bool:
        return self.least <= value < self.below and (self.above is None or value > self.above)

    @property
    def _remedy(self) -> str:
        low = f"above {self.above:g}" if self.above is not None else f"of at least {self.least:g}"
        high = f" and below {self.below:g}" if self.below < math.inf else ""
        return f"give a number {low}{high}{''.join(f', or {word}' for word in self.words)}"


@dataclass(frozen=True)
class Choice:
    """One of some names, which are looked up only when one is given."""

    names: Callable[[], Sequence[str]]
    metavar: str

    def read(self, text: str) -> str:
        """The name itself."""
        return self.check(text)

    def check(self, value: Any) -> str:
        """The name itself."""
        known = list(self.names())
        if type(value) is str and value in known:
            return value
        raise ValueError(f"it is {value!r}; choose from {', '.join(known)}")


@dataclass(frozen=True)
class Word:
    """Any text, checked by whoever uses it."""

    metavar: str

    def read(self, text: str) -> str:
        """The text itself."""
        return text

    def check(self, value: Any) -> str:
        """The text itself."""
        if type(value) is not str:
            raise ValueError(f"it is {value!r}; give a text")
        return value


@dataclass(frozen=True)
class Switch:
    """On or off: a flag that has no value."""

    metavar: str = ""

    def read(self, text: str) -> bool:
        """`true` or `false`."""
        return self.check({"true": True, "false": False}.get(text, text))

    def check(self, value: Any) -> bool:
        """Nothing else will do."""
        if type(value) is not bool:
            raise ValueError(f"it is {value!r}; give true or false")
        return value


def choice(names: str) -> Choice:
    """One of these, written in a row: the help shows them all."""
    known = tuple(names.split("|"))
    return Choice(lambda: known, names)


__all__ = ["Choice", "Kind", "Number", "Switch", "Whole", "Word", "choice"]
