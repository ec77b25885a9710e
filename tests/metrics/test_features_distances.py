"""Distances between sets of features against closed forms and plain NumPy."""

import numpy as np
import pytest

from ganjax import metrics
from ganjax.metrics.frechet import frechet_distance_of_rows

RANDOM = np.random.default_rng(0)
A, B = RANDOM.normal(size=(60, 5)), RANDOM.normal(0.5, 1.5, size=(45, 5))


def covariance(d, rank=None):
    half = RANDOM.normal(size=(d, rank or d))
    return half @ half.T


def test_frechet_of_normal_distributions_with_common_axes():
    """Diagonal covariances: |μ₁ − μ₂|² + Σ (σ₁ − σ₂)²."""
    mean, one, two = RANDOM.normal(size=8), RANDOM.uniform(0.1, 2, 8), RANDOM.uniform(0.1, 2, 8)
    found = metrics.frechet_distance(mean, np.diag(one**2), np.zeros(8), np.diag(two**2))
    assert found == pytest.approx((mean**2).sum() + ((one - two) ** 2).sum(), rel=1e-12)


def test_frechet_is_symmetric_and_turns_with_the_features():
    one, two, mean = covariance(6), covariance(6), RANDOM.normal(size=6)
    q = np.linalg.qr(RANDOM.normal(size=(6, 6)))[0]
    found = metrics.frechet_distance(mean, one, np.zeros(6), two)
    assert metrics.frechet_distance(np.zeros(6), two, mean, one) == pytest.approx(found, rel=1e-12)
    assert metrics.frechet_distance(q @ mean, q @ one @ q.T, np.zeros(6), q @ two @ q.T) == pytest.approx(
        found, rel=1e-10
    )


@pytest.mark.parametrize("rank", [3, 100, 300])
def test_frechet_of_a_set_with_itself_is_zero_also_of_low_rank(rank):
    cov = covariance(300, rank)
    assert abs(metrics.frechet_distance(np.ones(300), cov, np.ones(300), cov)) < 1e-9 * np.trace(cov)


def test_frechet_of_sets_in_planes_that_meet_in_nothing():
    """Σ₁Σ₂ = 0: only the traces are left, and a mean far away costs no digits."""
    one, two = np.diag([1.0, 4.0, 0, 0]), np.diag([0, 0, 9.0, 16.0])
    assert metrics.frechet_distance(np.full(4, 1e3), one, np.full(4, 1e3), two) == pytest.approx(30, rel=1e-12)


def test_moments_do_not_depend_on_the_batches_nor_on_a_large_mean():
    x = A + 1e6
    whole = metrics.moments([x])
    cut = metrics.moments([x[:1], x[1:1], x[1:40], x[40:]])
    assert whole.number == cut.number == 60
    for found in (whole, cut):
        np.testing.assert_allclose(found.mean, A.mean(axis=0) + 1e6, rtol=1e-14)
        np.testing.assert_allclose(found.cov, np.cov(A.T), rtol=1e-8)


def test_moments_need_two():
    with pytest.raises(ValueError, match="1 features have no covariance"):
        metrics.moments([A[:1]])


def brute_kernel(x, y, degree):
    def k(a, b):
        return (a @ b.T / a.shape[1] + 1) ** degree

    m, n = len(x), len(y)
    own = (k(x, x).sum() - np.trace(k(x, x))) / m / (m - 1) + (k(y, y).sum() - np.trace(k(y, y))) / n / (n - 1)
    return own - 2 * k(x, y).mean()


@pytest.mark.parametrize("degree", [1, 3])
def test_kernel_distance_is_the_unbiased_estimate_of_all_pairs(degree):
    assert metrics.kernel_distance(A, B, degree).value == pytest.approx(brute_kernel(A, B, degree), rel=1e-12)
    assert metrics.kernel_distance(B, A, degree).value == pytest.approx(brute_kernel(A, B, degree), rel=1e-12)


def test_kernel_distance_has_no_bias_and_its_interval_covers():
    """Degree 1: the truth is |μ₁ − μ₂|² / d. Mean of 400 estimates within 4 standard errors; 95 % of intervals cover."""
    random = np.random.default_rng(1)  # its own: the draws must not depend on which tests ran before
    d, apart, values, covered = 4, np.array([0.5, -0.5, 1.0, 0.0]), [], 0
    truth = (apart**2).sum() / d
    for _ in range(400):
        found = metrics.kernel_distance(random.normal(size=(30, d)), random.normal(size=(20, d)) + apart, 1)
        values.append(found.value)
        covered += found.low <= truth <= found.high
    assert abs(np.mean(values) - truth) < 4 * np.std(values) / 20
    assert 0.91 <= covered / 400 <= 0.99


def test_subsets_of_everything_are_everything():
    value, spread = metrics.kernel_distance_of_subsets(A[:45], B, subsets=3, size=45)
    assert value == pytest.approx(brute_kernel(A[:45], B, 3), rel=1e-12)
    assert spread == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="subsets of 46 do not fit into 45"):
        metrics.kernel_distance_of_subsets(A, B, size=46)


def brute_neighbourhoods(real, fake, k):
    def distance(x, y):
        return np.linalg.norm(x[:, None] - y[None], axis=-1)

    real_radius, fake_radius = (np.sort(distance(x, x), axis=1)[:, k] for x in (real, fake))
    in_real, in_fake = distance(real, fake) < real_radius[:, None], distance(fake, real) < fake_radius[:, None]
    return in_real.any(0).mean(), in_fake.any(0).mean(), in_real.sum(0).mean() / k, in_real.any(1).mean()


@pytest.mark.parametrize("k", [1, 3, 5])
def test_neighbourhoods_by_their_definition(k):
    assert metrics.neighbourhoods(A, B, k) == pytest.approx(brute_neighbourhoods(A, B, k), rel=1e-12)


def test_neighbourhoods_tell_collapse_from_noise():
    collapsed = metrics.neighbourhoods(A, A[:6].repeat(10, axis=0) + RANDOM.normal(0, 1e-3, (60, 5)))
    far = metrics.neighbourhoods(A, A + 100)
    assert collapsed.precision == 1
    assert collapsed.recall < 0.2
    assert collapsed.coverage < 0.8
    assert far == (0, 0, 0, 0)
    with pytest.raises(ValueError, match="5 neighbours need 6 features"):
        metrics.neighbourhoods(A[:5], B)


def test_classifier_score_at_its_ends():
    sure = 50.0 * np.eye(10)[np.arange(100) % 10]
    assert metrics.classifier_score(sure, splits=10) == pytest.approx((10, 0), rel=1e-9)
    assert metrics.classifier_score(np.zeros((100, 10))) == pytest.approx((1, 0), rel=1e-12)
    assert metrics.classifier_score(sure[:1].repeat(50, axis=0))[0] == pytest.approx(1, rel=1e-12)


def test_classifier_score_by_its_definition():
    logits = RANDOM.normal(size=(31, 7))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    scores = [
        np.exp((q * (np.log(q) - np.log(q.mean(0)))).sum(1).mean()) for q in (p[:10], p[10:20], p[20:31])
    ]  # 31·1/3 and 31·2/3, rounded down
    assert metrics.classifier_score(logits, splits=3) == pytest.approx((np.mean(scores), np.std(scores)), rel=1e-12)
    with pytest.raises(ValueError, match="10 splits need"):
        metrics.classifier_score(logits[:9])


@pytest.mark.parametrize(("n", "m"), [(5, 9), (40, 9), (40, 50)])
def test_frechet_of_rows_is_that_of_their_moments(n, m):
    """Fewer rows than features, on one side or on both, or more."""
    x, y = RANDOM.normal(size=(n, 20)), 2 * RANDOM.normal(size=(m, 20)) + 1
    one, two = metrics.moments([x]), metrics.moments([y])
    expected = metrics.frechet_distance(one.mean, one.cov, two.mean, two.cov)
    assert frechet_distance_of_rows(x, y) == pytest.approx(expected, rel=1e-7)
    assert frechet_distance_of_rows(x + 1e6, y + 1e6) == pytest.approx(expected, rel=1e-7)
    assert frechet_distance_of_rows(x, x) == pytest.approx(0, abs=1e-9)
    assert np.isnan(frechet_distance_of_rows(x, y * np.nan))
