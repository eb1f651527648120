"""Rows for programs to read: JSON has no infinity and no NaN."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def line(row: Mapping[str, Any]) -> str:
    """One line of JSON. A number that is not finite becomes null, with the reason beside it."""
    clean: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, float) and not math.isfinite(value):
            clean[key] = None
            clean[f"{key}_reason"] = "infinite" if math.isinf(value) else "not a number"
        else:
            clean[key] = value
    return json.dumps(clean, ensure_ascii=False, allow_nan=False)
