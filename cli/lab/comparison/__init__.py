"""`rnn-lab compare`: models that count and saved runs, all measured on one text by one function."""

from cli.lab.comparison.choosing import Choice
from cli.lab.comparison.finding import findings
from cli.lab.comparison.measuring import as_row, measure
from cli.lab.comparison.planning import Plan, plan
from cli.lab.comparison.results import Row, best, preferred
from cli.lab.comparison.typed import Typed

__all__ = ["Choice", "Plan", "Row", "Typed", "as_row", "best", "findings", "measure", "plan", "preferred"]
