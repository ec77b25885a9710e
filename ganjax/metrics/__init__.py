"""Measures of samples; a number carries its protocol."""

from ganjax.metrics.frechet import Moments, frechet_distance, intra_class_frechet_distance, moments
from ganjax.metrics.kernel import KernelDistance, kernel_distance, kernel_distance_of_subsets
from ganjax.metrics.neighbours import Neighbourhoods, neighbourhoods
from ganjax.metrics.parzen import ParzenLikelihood, parzen_log_likelihood, parzen_width
from ganjax.metrics.score import classifier_score
from ganjax.metrics.stacked import StackedModes, stacked_modes
from ganjax.metrics.transport import (
    earth_mover,
    jensen_shannon,
    kullback_leibler,
    sliced_wasserstein_1,
    total_variation,
    wasserstein_1,
)

__all__ = [
    "KernelDistance",
    "Moments",
    "Neighbourhoods",
    "ParzenLikelihood",
    "StackedModes",
    "classifier_score",
    "earth_mover",
    "frechet_distance",
    "intra_class_frechet_distance",
    "jensen_shannon",
    "kernel_distance",
    "kernel_distance_of_subsets",
    "kullback_leibler",
    "moments",
    "neighbourhoods",
    "parzen_log_likelihood",
    "parzen_width",
    "sliced_wasserstein_1",
    "stacked_modes",
    "total_variation",
    "wasserstein_1",
]
