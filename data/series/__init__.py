"""Series of real numbers with a known best prediction, and windows on them [D2L 8.1; seed 004 8.1].

A series is an array of N values; τ is how many of them a window shows, k how many steps ahead a target lies.
"""

from data.series.latent import LatentLinear, autoregression, turning_phase
from data.series.rules import CauseEffect, Series, SwitchedRule, cause_and_effect, noisy_sine
from data.series.windows import Scale, Windows, by_time, forecasts, windows

__all__ = [
    "CauseEffect",
    "LatentLinear",
    "Scale",
    "Series",
    "SwitchedRule",
    "Windows",
    "autoregression",
    "by_time",
    "cause_and_effect",
    "forecasts",
    "noisy_sine",
    "turning_phase",
    "windows",
]
