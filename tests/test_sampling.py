"""Truncated latents, classes that are mixed, and each class by itself: numbers in closed form, files, refusals."""

import json

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny
from scipy.stats import kstest, norm, truncnorm
from tiny import call, refused

from ganjax import run as runs
from ganjax import samples, workdir
from ganjax.commands import asking
from ganjax.errors import UserError
from ganjax.latents import Truncation, is_normal, truncated, truncation
from ganjax.nets.conv import library
from ganjax.systems import acgan
from ganjax.train import train

Z = np.random.default_rng(0).normal(size=(2000, 100)).astype(np.float32)


@pytest.fixture(autouse=True)
def library_convolutions():
    with library():
        yield


@pytest.mark.parametrize("t", [0.04, 0.5, 1.0, 2.0])
def test_a_truncated_normal_has_its_support_variance_and_law(t):
    """Var = 1 − 2 t φ(t) / (2 Φ(t) − 1)."""
    z = truncated(Z, Truncation("redrawn", t))
    assert z.dtype == np.float32
    assert np.abs(z).max() <= t
    inside = 2 * norm.cdf(t) - 1
    assert z.var() == pytest.approx(1 - 2 * t * norm.pdf(t) / inside, rel=0.01)
    assert kstest(z.ravel(), truncnorm(-t, t).cdf).statistic < 0.005


def test_half_is_another_deviation_on_tfhub():
    assert truncated(Z, Truncation("redrawn", 0.5)).std() == pytest.approx(0.284, abs=0.002)
    assert truncated(Z, Truncation("tfhub", 0.5)).std() == pytest.approx(0.440, abs=0.002)
    assert np.abs(truncated(Z, Truncation("tfhub", 0.5))).max() <= 1


def test_it_is_the_law_of_drawing_again():
    t, random = 0.7, np.random.default_rng(1)
    again = Z.copy().ravel()
    while (out := np.abs(again) > t).any():
        again[out] = random.normal(size=out.sum())
    assert kstest(again, truncated(Z, Truncation("redrawn", t)).ravel()).statistic < 0.005


def test_entries_keep_their_ranks_and_far_thresholds_change_nothing():
    one = truncated(Z, Truncation("redrawn", 0.3))
    np.testing.assert_array_equal(np.argsort(one[:, 0]), np.argsort(Z[:, 0]))
    np.testing.assert_allclose(truncated(Z, Truncation("redrawn", 40.0)), Z, rtol=1e-5, atol=1e-6)
    assert np.abs(truncated(np.full((1, 1), 9.0, np.float32), Truncation("redrawn", 0.5))) == pytest.approx(0.5)


def test_truncations_by_name():
    assert truncation("0.5") == truncation("redrawn:0.5") == Truncation("redrawn", 0.5)
    assert truncation("tfhub:2") == Truncation("tfhub", 2.0)
    assert truncation(None) is truncation("none") is None
    assert [str(truncation(name)) for name in ("0.5", "tfhub:0.5")] == ["0.5", "tfhub:0.5"]
    for wrong in ("0", "-1", "nan", "inf", "hub:0.5", "half", ""):
        with pytest.raises(UserError, match="use a threshold above 0"):
            truncation(wrong)


def test_what_is_normal_is_seen():
    uniform = np.random.default_rng(2).uniform(-(3**0.5), 3**0.5, Z.shape).astype(np.float32)
    sphere = Z / np.linalg.norm(Z, axis=1, keepdims=True) * 10
    assert is_normal(Z)
    assert is_normal(Z[:, :1])
    assert not is_normal(uniform)  # of the same variance
    assert not is_normal(sphere)
    assert not is_normal(2 * Z)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run that draws from a normal, one that is not."""
    folder = tmp_path_factory.mktemp("run")
    with library():
        for name in ("dcgan", "gan"):
            train(tiny.config(name, folder, steps=2), folder / name)
    return folder


def images(capsys, workdir, tmp_path, *options):
    answer = json.loads(call(capsys, "sample", f"--workdir={workdir}", f"--out={tmp_path}/x.npz", "--json", *options))
    with np.load(tmp_path / "x.npz") as made:
        return made["images"].astype(int), str(made["truncation"]) if "truncation" in made else None, answer


def test_truncated_samples_say_so(capsys, trained, tmp_path):
    plain, nothing, answer = images(capsys, trained / "dcgan", tmp_path, "--n=4")
    assert (nothing, answer["truncation"], answer["batch_norm"]) == (None, None, "running")
    cut, name, answer = images(capsys, trained / "dcgan", tmp_path, "--n=4", "--truncation=0.5")
    assert (name, answer["truncation"]) == ("0.5", {"kind": "redrawn", "threshold": 0.5})
    hub, name, answer = images(capsys, trained / "dcgan", tmp_path, "--n=4", "--truncation=tfhub:0.5")
    assert (name, answer["truncation"]["kind"]) == ("tfhub:0.5", "tfhub")
    assert (plain != cut).any()
    assert (hub != cut).any()
    tight, _, _ = images(capsys, trained / "dcgan", tmp_path, "--n=4", "--truncation=0.0001")
    assert np.ptp(tight, axis=0).max() <= 1  # all but one image
    walk, _, answer = images(capsys, trained / "dcgan", tmp_path, "--n=4", "--truncation=0.5", "--latent=slerp")
    np.testing.assert_allclose(walk[0], cut[0], atol=1)
    assert answer["latent"] == "slerp"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("gan", ["--truncation=0.5"], "--truncation=0.5 cuts the tails of z ~ N(0, 1); gan draws a z that is not"),
        ("dcgan", ["--truncation=half"], "--truncation=half: use a threshold above 0"),
        ("dcgan", ["--truncation=0.5", "--latent=onehot:3"], "cuts random latents, and the ends of lerp and slerp"),
        ("dcgan", ["--truncation=0.5", "--reconstruct"], "--reconstruct draws again has no random latents"),
        ("dcgan", ["--batch-norm=bach"], "--batch-norm=bach: choose running, batch, standing"),
        ("dcgan", ["--batch-norm=batch", "--batch-statistics"], "not allowed with"),
        ("dcgan", ["--interpolate=0,1"], "--interpolate=0,1: dcgan draws without labels"),
    ],
)
def test_sample_refuses(capsys, trained, tmp_path, monkeypatch, name, options, message):
    monkeypatch.chdir(tmp_path)
    line = refused(capsys, "sample", f"--workdir={trained / name}", *options)
    assert message in line
    assert list(tmp_path.iterdir()) == []


def test_standing_statistics_are_those_of_the_truncation(trained):
    """The first layer is linear: the variance of what BatchNorm sees is smaller by that of the latents."""
    run, _, state = workdir.reopen(trained / "dcgan")
    found = [
        samples.with_standing_statistics(run, state, batches=4, truncation=how).carry.vars.gen["batch_stats"]
        for how in (None, Truncation("redrawn", 0.5))
    ]
    plain, cut = (each["BatchNorm_0"]["var"] for each in found)
    np.testing.assert_allclose(cut / plain, 0.284**2, rtol=0.1)


def test_ways_of_batch_norm(capsys, trained, tmp_path):
    made = {
        way: images(capsys, trained / "dcgan", tmp_path, "--n=8", f"--batch-norm={way}")[0]
        for way in ("running", "batch", "standing")
    }
    old, _, answer = images(capsys, trained / "dcgan", tmp_path, "--n=8", "--batch-statistics")
    np.testing.assert_array_equal(old, made["batch"])
    assert answer["batch_norm"] == "batch"
    assert (made["running"] != made["standing"]).any()
    assert (made["batch"] != made["standing"]).any()


class Mixing(nn.Module):
    """A generator of 2-px images that reads a label, or weights of labels."""

    @nn.compact
    def __call__(self, z, label, train=True):
        table = self.param("table", nn.initializers.normal(1.0), (10, 4))
        row = label @ table if jnp.issubdtype(label.dtype, jnp.floating) else table[label]
        return (row + z[:, :1]).reshape(len(z), 2, 2, 1)


@pytest.fixture(scope="module")
def mixing():
    """A run of a system that is told labels, whose own generator reads whole numbers."""
    small = [f"--config.{role}.channels=2" for role in ("generator", "critic")]
    with library():
        return runs.prepare(tiny.configs.load("configs/acgan.py", [*small, "--config.train.batch_size=4"]))


class Critic(nn.Module):
    """One that says what AC-GAN's has to say."""

    @nn.compact
    def __call__(self, x, train=True):
        return nn.Dense(1)(x.reshape(len(x), -1))[:, 0], jnp.zeros((len(x), 10))


def of(run, generator):
    return run._replace(game=run.game._replace(gan=acgan.build(generator, Critic())))


def test_between_two_classes(mixing):
    """Weights (1 − t, t): the ends are the classes, the middle is their mean, where the table is all there is."""
    run = of(mixing, Mixing())
    inputs = run.game.gan.inputs(jax.random.key(0), 5)
    (rows,) = asking.by_interpolation("2,7", run, inputs)
    assert rows["label"].shape == (5, 10)
    np.testing.assert_allclose(rows["label"].sum(axis=1), 1)
    np.testing.assert_allclose(rows["label"][:, 7], np.linspace(0, 1, 5))
    params = {"table": jax.random.normal(jax.random.key(1), (10, 4))}
    still = {**rows, "z": jnp.zeros_like(rows["z"])}
    made = run.game.gan.generate(params, {}, still, jax.random.key(0))[0]["image"].reshape(5, 4)
    np.testing.assert_allclose(made[0], params["table"][2], rtol=1e-6)
    np.testing.assert_allclose(made[4], params["table"][7], rtol=1e-6)
    np.testing.assert_allclose(made[2], (params["table"][2] + params["table"][7]) / 2, rtol=1e-5)


@pytest.mark.parametrize(
    ("ends", "weighted", "message"),
    [
        ("2,7", False, "acgan takes classes as whole numbers, none lie between"),
        ("2", True, "two classes are needed, A,B"),
        ("2,all", True, "two classes are needed, A,B"),
        ("2,10", True, "--interpolate=10: no such class; there are 0 to 9"),
    ],
)
def test_classes_that_cannot_be_mixed(mixing, ends, weighted, message):
    run = of(mixing, Mixing()) if weighted else mixing
    with pytest.raises(UserError, match=message):
        asking.by_interpolation(ends, run, run.game.gan.inputs(jax.random.key(0), 3))
