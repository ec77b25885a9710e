"""Parzen windows against closed forms and SciPy, and what Theis et al. 2016 found wrong with them."""

import numpy as np
import pytest
from scipy.cluster.vq import kmeans2
from scipy.stats import gaussian_kde, multivariate_normal

from ganjax.metrics import float64
from ganjax.metrics.parzen import parzen_log_likelihood, parzen_width

RANDOM = np.random.default_rng(0)


def test_one_sample_is_a_normal_density():
    x, y = RANDOM.normal(size=(1, 4)), RANDOM.normal(size=(30, 4))
    density = multivariate_normal(x[0], 0.7**2 * np.eye(4)).logpdf(y)
    found = parzen_log_likelihood(x, y, 0.7)
    assert found.mean == pytest.approx(density.mean(), rel=1e-12)
    assert found.standard_error == pytest.approx(density.std(ddof=1) / np.sqrt(30), rel=1e-12)


def test_many_samples_are_scipys_kernel_density():
    """A width of SciPy's is its factor times the samples' own spread, so they are whitened; a mean far away costs nothing."""
    x = RANDOM.normal(size=(200, 3))
    x = (x - x.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T
    y = RANDOM.normal(size=(50, 3))
    truth = gaussian_kde(x.T, bw_method=0.4).logpdf(y.T).mean()
    assert parzen_log_likelihood(x, y, 0.4).mean == pytest.approx(truth, rel=1e-10)
    assert parzen_log_likelihood(x + 1e4, y + 1e4, 0.4).mean == pytest.approx(truth, rel=1e-7)


def test_rows_are_cut_and_far_ones_keep_their_tail(monkeypatch):
    """exp(−5·10⁵) is zero in every float, its logarithm is not."""
    monkeypatch.setattr(float64, "BLOCK", 4)
    y = np.array([[0.0], [1000.0], *[[0.0]] * 9])
    density = -0.5 * y[:, 0] ** 2 - 0.5 * np.log(2 * np.pi)
    assert parzen_log_likelihood(np.zeros((5, 1)), y, 1.0).mean == pytest.approx(density.mean(), rel=1e-12)


def test_pixels_of_another_scale_shift_it_by_a_constant():
    """Twice the data and the width: − d log 2."""
    x, y = RANDOM.normal(size=(40, 6)), RANDOM.normal(size=(20, 6))
    apart = parzen_log_likelihood(2 * x, 2 * y, 1.0).mean - parzen_log_likelihood(x, y, 0.5).mean
    assert apart == pytest.approx(-6 * np.log(2), rel=1e-10)


def test_the_width_is_the_likeliest_of_the_grid():
    """Samples all at the mean of N(0, 0.6² I): the window is the distribution, and 0.6 its width."""
    validation = 0.6 * RANDOM.normal(size=(4000, 3))
    grid = 0.6 * np.geomspace(0.25, 4, 17)  # a factor of 2^¼ each
    assert parzen_width(np.zeros((3, 3)), validation, grid) == pytest.approx(0.6)


def test_the_width_of_normal_samples_is_near_silvermans():
    """In the plane n^(−1/6) σ is right for normals; the cross-validated one lies within a half of it."""
    random = np.random.default_rng(1)
    samples, validation = random.normal(size=(1000, 2)), random.normal(size=(1000, 2))
    width = parzen_width(samples, validation, np.geomspace(0.05, 2, 30))
    assert 0.5 < width / 1000 ** (-1 / 6) < 1.5


def test_prototypes_rank_above_the_true_distribution():
    """Theis et al. 2016: 200 centres of k-means score more than 200 fresh samples of the very distribution."""
    random = np.random.default_rng(2)
    train, fresh, validation, test = (random.normal(size=(n, 20)) for n in (4000, 200, 1000, 1000))
    centres, _ = kmeans2(train, 200, minit="points", rng=random)
    scores = {}
    for name, samples in {"centres": centres, "truth": fresh}.items():
        width = parzen_width(samples, validation, np.geomspace(0.3, 2, 20))
        scores[name] = parzen_log_likelihood(samples, test, width)
    assert scores["centres"].mean > scores["truth"].mean + 5 * scores["truth"].standard_error
    likelihood = multivariate_normal(np.zeros(20)).logpdf(test).mean()
    assert scores["truth"].mean < likelihood - 1  # the truth's own score is nats below its likelihood


X = np.zeros((3, 2))


@pytest.mark.parametrize(
    ("samples", "test", "width", "message"),
    [
        (X[:0], X, 1.0, "nothing to compare: 0 samples and 3 others"),
        (X, np.zeros((3, 5)), 1.0, "samples of 2 columns say nothing of 5"),
        (X, X, 0.0, "widths are positive numbers"),
        (X, X, float("nan"), "widths are positive numbers"),
        (X * np.nan, X, 1.0, "NaN or infinite"),
        (X, X[:1], 1.0, "one test sample has no standard error"),
    ],
)
def test_what_has_no_likelihood_is_said_in_one_line(samples, test, width, message):
    with pytest.raises(ValueError, match=message) as error:
        parzen_log_likelihood(samples, test, width)
    assert "\n" not in str(error.value)


def test_a_width_needs_a_grid():
    with pytest.raises(ValueError, match=r"widths are positive numbers; there are \[\]"):
        parzen_width(X, X, [])
