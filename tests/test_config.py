"""Configs: names into functions, slips into sentences."""

import jax
import optax
import pytest
from ml_collections import ConfigDict

from ganjax import config as configs
from ganjax import game
from ganjax.config import call, function
from ganjax.errors import UserError
from ganjax.losses import minimax_gen
from ganjax.nets import dcgan
from ganjax.resolve import resolve


def test_a_name_is_a_call_and_a_function_is_one():
    assert resolve(call("nets.dcgan.generator", size=8)) == dcgan.generator(8)
    assert resolve(function("losses.minimax_gen")) is minimax_gen
    fixed = resolve(function("losses.least_squares_gen", target=3.0))
    assert float(fixed(jax.numpy.zeros(2))) == 9
    scheduled = resolve(
        call(
            "transforms.scheduled",
            optimiser=call("optax.sgd", learning_rate=1.0),
            schedule=call("transforms.linear_decay", steps=9),
        )
    )
    assert isinstance(scheduled, optax.GradientTransformation)
    assert resolve(ConfigDict({"a": 1, "b": (1, 2)})) == {"a": 1, "b": (1, 2)}


def test_extra_keywords_go_to_those_who_take_them():
    assert resolve(call("nets.dcgan.generator", size=8), axis_name="data").axis_name == "data"
    resolve(call("nets.mlp.generator"), axis_name="data")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (call("nets.dcgan.generatr"), "no function nets.dcgan.generatr; did you mean 'generator'"),
        (call("nets.dgcan.generator"), "no module ganjax.nets.dgcan; did you mean 'ganjax.nets.dcgan'"),
        (call("nets.dcgan.generator", chanels=3), "generator has no argument 'chanels'; did you mean 'channels'"),
        (call("nets.dcgan.generator", size=12), r"config\.critic: size=12 does not fit"),
        (call("optax.adam"), "adam needs learning_rate"),
        (call("optax.adam", learning_rat=1.0), "adam has no argument 'learning_rat'; did you mean 'learning_rate'"),
        (function("losses.minimax_gen", lable=1), "minimax_gen has no argument 'lable'"),
        (call("subprocess.run"), "not a function that a config may name"),
        (call("resolve.lookup"), "not a function that a config may name"),
    ],
)
def test_slips_are_named_with_the_nearest_name(value, message):
    with pytest.raises(UserError, match=message):
        resolve(value, "config.critic")


def changed(change):
    config = configs.load("configs/wgan.py")
    with config.unlocked():
        change(config)
    return config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.gan.update(latent_dmi=3), "build has no argument 'latent_dmi'; did you mean 'latent_dim'"),
        (lambda c: c.schedule.update(n_critics=3), "moves has no argument 'n_critics'; did you mean 'n_critic'"),
        (lambda c: c.optimizers.update(clips=3.0), "optimizers has no argument 'clips'; did you mean 'clip'"),
        (lambda c: c.update(system="dcgan"), "dcgan leaves its optimisers as they are"),
        (lambda c: setattr(c, "gen_opt", call("nets.dcgan.generator")), "is not an optimiser"),
        (lambda c: c.update(crtic=c.critic), "build has no argument 'crtic'; did you mean 'critic'"),
    ],
)
def test_a_typo_in_any_section_fails_at_once(change, message):
    with pytest.raises(UserError, match=message):
        game.build(changed(change))


def test_a_system_is_a_name():
    config = configs.load("configs/gan.py")
    with config.ignore_type():
        config.system = {"name": "gan"}
    with pytest.raises(UserError, match=r"config\.system is a name, such as 'acgan', not ConfigDict"):
        game.build(config)


def test_overrides_and_variants():
    config = configs.load("configs/wgan_gp.py:mnist", ["--config.train.steps=7", "--config.gan.penalty_weight=1.5"])
    assert (config.train.steps, config.gan.penalty_weight, config.train.batch_size) == (7, 1.5, 50)


def test_configs_are_found_by_name_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert configs.load("configs/gan.py").system == "gan"
    assert configs.load("gan:minimax").gan.objective.function == "losses.minimax_gen"
    assert configs.run_name("configs/wgan_gp.py:grid25") == "wgan_gp-grid25"


def test_the_loader_yields_what_the_schedule_asks_for():
    official = game.build(configs.load("configs/wgan.py:official"))
    assert [official.micro(step) for step in (0, 24, 25, 500)] == [100, 100, 5, 100]
    assert game.build(configs.load("configs/wgan.py")).micro(0) == 5
    assert game.build(changed(lambda c: c.schedule.update(accumulate=3))).micro(0) == 15


@pytest.mark.parametrize(
    "name",
    [f"{name}:{variant}" for name, file in configs.packaged().items() for variant in ("", *configs.variants(file))],
)
def test_every_config_goes_through_json_and_back(name):
    config = configs.load(name)
    plain = configs.to_json(config)
    from ganjax.workdir import _tuples

    again = ConfigDict(_tuples(plain))
    assert configs.differences(plain, configs.to_json(again)) == []
    game.build(again)
