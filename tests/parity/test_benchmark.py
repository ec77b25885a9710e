"""The benchmark compares like with like: every case, both sides, before anything is timed."""

import pytest

pytest.importorskip("torch")

from experiments.benchmark import cases, check

pytestmark = pytest.mark.parity


@pytest.mark.parametrize("name", cases.CASES)
def test_both_sides_compute_the_same(name, monkeypatch):
    """In small: the same builders with fewer channels and images."""
    case = cases.CASES[name]
    small = case._replace(channels=case.channels // 8, batch=min(case.batch, 4), size=min(case.size, 64))
    monkeypatch.setitem(cases.CASES, name, small)
    for what, (ours, theirs) in check.losses(name).items():
        assert ours == pytest.approx(theirs, rel=1e-4), what
