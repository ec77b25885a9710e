"""What is learnt, small and seeded: a distance that is known, modes that are known."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ganjax import core
from ganjax.config import load
from ganjax.core import Players
from ganjax.nets import mlp
from ganjax.systems import wgan_gp
from ganjax.train import train


@pytest.mark.parametrize("weight", [5.0, 20.0])
def test_the_critics_estimate_is_the_wasserstein_distance(weight):
    """A cloud and the same cloud moved by d: W₁ = d exactly, by translation.

    A critic of slope s along the way pays λ (s − 1)² and gains d s: the best is s = 1 + d / 2λ, which estimates
    d (1 + d / 2λ); so the penalty's estimate lies above W₁ and nears it as λ grows.
    """
    distance = 1.5
    expected = distance * (1 + distance / (2 * weight))
    gan = wgan_gp.build(mlp.point_generator((8,)), mlp.point_critic((64, 64)), latent_dim=2, penalty_weight=weight)
    tx = Players(optax.adam(1e-3), optax.adam(1e-3, b1=0.5, b2=0.9))

    def batch(key, state):
        """G stands still: its own cloud, moved, is what is real."""
        fake, _ = gan.generate(state.params.gen, state.carry.vars.gen, gan.inputs(key, 256), key)
        return {"image": (fake["image"] + jnp.asarray([distance, 0.0]))[None]}

    state = core.init(gan, tx, jax.random.key(0), {"image": jnp.zeros((1, 256, 2))})
    disc = core.tick(core.play("disc", gan.disc_loss, tx.disc))

    @jax.jit
    def run(state):
        def step(state, key):
            return disc(state, batch(key, state), jax.random.key(1))

        return jax.lax.scan(step, state, jax.random.split(jax.random.key(2), 1500))

    _, metrics = run(state)
    assert float(metrics["disc/wasserstein"][-100:].mean()) == pytest.approx(expected, rel=0.02)


@pytest.mark.slow
def test_wgan_gp_covers_the_25_gaussians(tmp_path):
    """Three seeds in one program; 6000 steps. Seen: 25, 25, 25 modes (configs/wgan_gp.py says the share)."""
    import json

    train(load("configs/wgan_gp.py:grid25"), tmp_path)
    reports = [json.loads(file.read_text())["measures"] for file in (tmp_path / "eval").glob("6000-modes-*.json")]
    assert [report["modes"] for report in reports] == [25, 25, 25]
    assert np.mean([report["share_within_3_sigma"] for report in reports]) > 0.7


@pytest.mark.slow
def test_faces_come_closer_to_the_data(tmp_path):
    """Mean colour per pixel of 256 samples against that of the data, after 600 steps, and at the start."""
    from ganjax import run as runs
    from ganjax import workdir as workdirs
    from ganjax.samples import sampler

    train(load("configs/wgan_gp.py", ["--config.train.steps=600", "--config.train.save_every=600"]), tmp_path)
    run, _, state = workdirs.reopen(tmp_path)
    real = runs.prepare(run.config).source.fetch(np.arange(2000))["image"].mean(axis=0) / 127.5 - 1

    def distance(state):
        made = sampler(run)(state, run.game.gan.inputs(jax.random.key(0), 256))["image"]
        return np.abs(made.mean(axis=0) - real).mean()

    assert distance(state) < 0.2 * distance(runs.initial_state(run))
