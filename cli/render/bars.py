"""Bars made of eighths of a character."""

from __future__ import annotations

import math

from rich.text import Text

_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float, width: int) -> Text:
    """A bar over `share` (0 … 1, cut off there) of `width` columns.

    Whatever is above 0 can be seen; what is not finite has no bar.
    """
    if not math.isfinite(share) or share <= 0:
        return Text()
    full, eighths = divmod(max(1, round(min(share, 1) * width * 8)), 8)
    return Text("█" * full + _EIGHTHS[eighths].strip(), style="bar")
