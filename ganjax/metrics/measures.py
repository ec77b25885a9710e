"""Measures by name, ``<measure>_<extractor>``: what each needs of the two sets, what it is called, which way is better.

fd, kd          Fréchet and kernel distance: fid, kid where the extractor is Inception with its published weights
cs              classifier score: is, likewise
prdc            precision, recall, density, coverage
intra_fd        the mean Fréchet distance within classes: intra_fid, likewise
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from ganjax.errors import UserError, nearest
from ganjax.metrics.extractors import Extractor
from ganjax.metrics.frechet import frechet_distance, intra_class_frechet_distance, moments
from ganjax.metrics.kernel import kernel_distance
from ganjax.metrics.neighbours import neighbourhoods
from ganjax.metrics.score import classifier_score

FEW = 2048  # samples: below, a Fréchet distance says more of their number than of them
PUBLISHED = {
    "fid": "fd",
    "kid": "kd",
    "is": "cs",
    "intra_fid": "intra_fd",
}  # names that published weights alone may bear
Values = dict[str, float]


class Seen(NamedTuple):
    """A set of images as an extractor sees it, a row for each."""

    features: Float[np.ndarray, "n d"]
    logits: Float[np.ndarray, "n k"] | None = None
    labels: Int[np.ndarray, " n"] | None = None


def fd(real: Seen, fake: Seen) -> Values:
    """The Fréchet distance of all features."""
    (_, mean_1, cov_1), (_, mean_2, cov_2) = (moments(_blocks(x.features)) for x in (real, fake))
    return {"fd": frechet_distance(mean_1, cov_1, mean_2, cov_2)}


def kd(real: Seen, fake: Seen) -> Values:
    """The kernel distance of all features, unbiased, and its 95 % interval."""
    found = kernel_distance(real.features, fake.features)
    return {"kd": found.value, "kd_low": found.low, "kd_high": found.high}


def cs(real: Seen, fake: Seen) -> Values:
    """The classifier score in 10 splits, and their standard deviation.

    Raises:
        UserError: the extractor gives no logits.
    """
    if fake.logits is None:
        raise UserError("a classifier score needs an extractor that gives logits")
    mean, spread = classifier_score(fake.logits)
    return {"cs": mean, "cs_splits": spread}


def prdc(real: Seen, fake: Seen) -> Values:
    """Precision, recall, density and coverage with 5 neighbours."""
    return dict(neighbourhoods(real.features, fake.features)._asdict())


def intra_fd(real: Seen, fake: Seen) -> Values:
    """The mean over classes of their own Fréchet distances.

    Raises:
        UserError: the system does not draw by class, or the data have none.
    """
    if real.labels is None or fake.labels is None:
        raise UserError(
            "intra_fd compares class by class: data with labels and a system that draws by label are needed"
        )
    apart = intra_class_frechet_distance(real.features, real.labels, fake.features, fake.labels)
    return {"intra_fd": float(np.mean(list(apart.values())))}


MEASURES: dict[str, Callable[[Seen, Seen], Values]] = {"fd": fd, "kd": kd, "cs": cs, "prdc": prdc, "intra_fd": intra_fd}
HIGHER_IS_BETTER = ("cs", "is", "precision", "recall", "density", "coverage", "lpips", "modes", "share")


def split(name: str, extractors: Sequence[str]) -> tuple[str, str]:
    """fid_inception2015 -> (fid, inception2015).

    Raises:
        UserError: no such measure or extractor, or a published name for another network.
    """
    measure, _, extractor = name.rpartition("_")
    known = (*MEASURES, *PUBLISHED)
    names = [f"{m}_{e}" for e in extractors for m in known if m in MEASURES or e == "inception2015"]
    if measure not in known or name not in names:
        raise UserError(f"no measure {name!r}{nearest(name, names)}; there are: {', '.join(names)}")
    return measure, extractor


def check_published(name: str, extractor: Extractor) -> None:
    """Raises a UserError where FID, KID or the Inception score is asked of weights that are not the published ones."""
    own = PUBLISHED.get(name, name)
    if own != name and not extractor.published:
        raise UserError(
            f"{name}_{extractor.name} is a number of the published weights, SHA-256 6726825d…; these have "
            f"{extractor.weights[:8] or 'none'}…: what they give is called {own}_{extractor.name}"
        )


def measure(name: str, extractor: Extractor, real: Seen, fake: Seen) -> Values:
    """The values of a measure by their full names: {"kid_inception2015": …, "kid_low_inception2015": …}.

    Raises:
        UserError: a published name and other weights; what the measure needs is not there.
    """
    check_published(name, extractor)
    own = PUBLISHED.get(name, name)
    try:
        found = MEASURES[own](real, fake)
    except ValueError as error:
        raise UserError(f"{name}_{extractor.name}: {error}") from error
    return {f"{key.replace(own, name, 1)}_{extractor.name}": value for key, value in found.items()}


def better(name: str, new: float, old: float) -> bool:
    """Whether ``new`` is as good a value of a measure, or a better one; NaN never is."""
    higher = name.split("_")[0] in HIGHER_IS_BETTER
    return bool(new >= old if higher else new <= old) or bool(np.isnan(old) and not np.isnan(new))


def marks(n_real: int, n_fake: int, names: Sequence[str]) -> list[str]:
    """What a reader of these numbers should know."""
    n = min(n_real, n_fake)
    if n >= FEW or not any(name.endswith(("fid", "fd")) for name in names):
        return []
    return [
        f"{n} samples are fewer than {FEW}: a Fréchet distance of so few is biased upwards; take the kernel distance"
    ]


def _blocks(x: Float[np.ndarray, "n d"]) -> list[Float[np.ndarray, "_ d"]]:
    return np.array_split(x, -(-len(x) // 1024))
