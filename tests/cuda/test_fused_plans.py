"""How sequences are divided among the blocks of a GPU: all of it, with what a block has, and nobody waits for ever."""

import os

import pytest

WITHOUT_A_DEVICE = True
pytestmark = pytest.mark.skipif(
    bool(os.environ.get("NUMBA_ENABLE_CUDASIM")), reason="a simulated GPU's blocks are tiny"
)


def test_plans_for_a_large_gpu():
    from rnn.fused.cuda import plan

    for gates, units, batch in ((1, 32, 32), (4, 32, 32), (1, 256, 32), (3, 256, 32), (4, 256, 32), (4, 512, 1024)):
        work = plan.Work((gates,), units, gates, units, batch, 4)
        found = plan.candidates(work, 132)
        assert found
        for p in found:
            assert p.own * p.parts >= units > p.own * (p.parts - 1)
            assert p.rows * p.groups >= batch > p.rows * (p.groups - 1)
            assert p.shared + plan.STATIC <= plan.SHARED
            assert p.parts == 1 or p.blocks <= 132  # all that wait for each other are under way at once


def test_small_layers_wait_for_nobody_and_large_ones_stay_in_shared_memory(monkeypatch):
    from rnn.fused.cuda import plan

    monkeypatch.setattr(plan, "processors", lambda: 132)
    small, large = (
        plan.planned.__wrapped__(plan.Work((gates,), units, gates, units, 32, 4))
        for gates, units in ((1, 32), (1, 256))
    )
    assert small.parts == 1
    assert small.groups == 4
    assert large.parts > 8
    assert small.resident
    assert large.resident
