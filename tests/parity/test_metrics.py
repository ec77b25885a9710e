"""Distances between features against torch-fidelity and the reference of density and coverage."""

import sys
from unittest import mock

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("prdc")

from ganjax import metrics  # noqa: E402

pytestmark = pytest.mark.parity
RANDOM = np.random.default_rng(0)
MIX = RANDOM.normal(size=(64, 64)) / 8
A, B = RANDOM.normal(size=(600, 64)) @ MIX, RANDOM.normal(0.1, 1.1, size=(500, 64)) @ MIX


@pytest.fixture(scope="module")
def fidelity():
    """torch-fidelity's measures; it imports torchvision for its networks, which these do not use."""
    vision = {f"torchvision{name}": mock.MagicMock() for name in ("", ".transforms", ".datasets", ".models")}
    vision |= {f"torchvision.{name}": mock.MagicMock() for name in ("transforms.functional", "models.vgg")}
    with mock.patch.dict(sys.modules, vision):
        from torch_fidelity import metric_fid, metric_isc, metric_kid
    return metric_fid, metric_kid, metric_isc


@pytest.mark.parametrize("rows", [600, 40])
def test_frechet_distance(fidelity, rows):
    """Also of fewer rows than features, where the covariances have no full rank."""
    x, y = A[:rows], B[:rows]
    statistics = [fidelity[0].fid_features_to_statistics(torch.from_numpy(each)) for each in (x, y)]
    (theirs,) = fidelity[0].fid_statistics_to_metric(*statistics, verbose=False).values()
    ours = [metrics.moments(np.array_split(each, 3)) for each in (x, y)]
    assert metrics.frechet_distance(ours[0].mean, ours[0].cov, ours[1].mean, ours[1].cov) == pytest.approx(
        theirs, rel=1e-6
    )


def test_kernel_distance(fidelity):
    """One subset of everything is all samples."""
    options = {"kid_degree": 3, "kid_gamma": None, "kid_coef0": 1, "rng_seed": 0, "verbose": False}
    theirs = fidelity[1].kid_features_to_metric(
        torch.from_numpy(A[:500]), torch.from_numpy(B), kid_subsets=1, kid_subset_size=500, **options
    )
    assert metrics.kernel_distance(A[:500], B).value == pytest.approx(
        theirs["kernel_inception_distance_mean"], rel=1e-6
    )


def test_inception_score(fidelity):
    logits = RANDOM.normal(size=(997, 50)) * 3
    theirs = fidelity[2].isc_features_to_metric(torch.from_numpy(logits), splits=10, shuffle=False)
    assert metrics.classifier_score(logits) == pytest.approx(
        (theirs["inception_score_mean"], theirs["inception_score_std"]), rel=1e-6
    )


@pytest.mark.parametrize("k", [3, 5])
def test_precision_recall_density_coverage(k):
    from prdc import compute_prdc

    assert metrics.neighbourhoods(A, B, k)._asdict() == pytest.approx(compute_prdc(A, B, k), rel=1e-6)
