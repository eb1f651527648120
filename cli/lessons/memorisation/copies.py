"""What a piece of writing has in common with a text: measured in copied runs."""

from __future__ import annotations


def longest(written: str, source: str) -> str:
    """The longest run of letters that stands in both."""
    best = ""
    for begin in range(len(written)):
        run = written[begin : begin + len(best) + 1]
        while len(run) > len(best) and run in source:
            best = run
            run = written[begin : begin + len(best) + 1]
    return best


def pieces(written: str, source: str) -> list[str]:
    """The writing, cut from left to right into the longest pieces that the source has; a letter it lacks is one."""
    found: list[str] = []
    for letter in written:
        if found and found[-1] + letter in source:
            found[-1] += letter
        else:
            found.append(letter)
    return found
