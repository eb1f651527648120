"""What tests of the diagnosis share."""

from cli.lab.check.forms import same


def agree(mine, theirs):
    """Whether all answers are the same; not where they are not all there."""
    return theirs is not None and all(same(mine[name], theirs[name]) for name in mine)
