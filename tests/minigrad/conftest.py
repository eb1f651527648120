"""Every sample of every op and of every function made of ops, as the fixture `case`."""

import pytest
from op_cases import CASES, FUNCTIONS, Case


@pytest.fixture(params=CASES.values(), ids=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    """One sample of one op."""
    return request.param


@pytest.fixture(params=FUNCTIONS)
def cases(request: pytest.FixtureRequest) -> list[Case]:
    """All samples of one op."""
    return [c for c in CASES.values() if c.name == request.param]
