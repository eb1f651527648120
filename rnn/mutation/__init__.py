"""Mistakes planted in equations, one at a time, to see whether verification notices.

Mutants are made from the syntax tree of an equation's function (`mutants`), tried against the witnesses (`trial`,
`survey`), and, where they have the original's value, told apart by the rules of `reasons`.
"""

from rnn.mutation.changes import KINDS
from rnn.mutation.equality import reason
from rnn.mutation.mutant import Mutant, mutants
from rnn.mutation.printing import printed
from rnn.mutation.reasons import REASONS
from rnn.mutation.trial import Outcome, Survey, survey, trial

__all__ = ["KINDS", "REASONS", "Mutant", "Outcome", "Survey", "mutants", "printed", "reason", "survey", "trial"]
