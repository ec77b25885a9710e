"""What the README and the docs show is run."""

import re
from pathlib import Path

import jax
import optax
import pytest

ROOT = Path(__file__).parent.parent


def blocks(path):
    return re.findall(r"```python\n(.*?)```", (ROOT / path).read_text(), re.DOTALL)


def test_the_api_in_fifteen_lines():
    (code,) = blocks("README.md")
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    names: dict = {}
    exec(code, names)  # as it stands: the library's convolutions take long to run where XLA optimises little (conftest)
    assert names["images"]["image"].shape == (8, 32, 32, 3)
    assert int(names["state"].carry.step) == 3


def test_measures_on_arrays(capsys):
    on_features, on_distributions = blocks("docs/metrics.md")
    exec(on_features, {})
    assert "KernelDistance(value=" in capsys.readouterr().out
    names: dict = {}
    exec(on_distributions, names)
    assert names["cost"] == pytest.approx(2.3)  # the difference of the two means, since all goes one way
    assert names["page"].shape == (240, 240, 3)


def test_the_skeleton_is_a_system_and_the_step_by_hand_plays_it():
    from ganjax.core import Players, State, init
    from ganjax.nets import mlp

    skeleton, by_hand = blocks("docs/new_system.md")
    names: dict = {}
    exec(skeleton, names)
    gan = names["build"](mlp.point_generator((8,)), mlp.point_critic((8,)), latent_dim=2)
    tx = Players(optax.adam(1e-3), optax.adam(1e-3))
    batch = {"image": jax.numpy.ones((1, 4, 2))}
    state = init(gan, tx, jax.random.key(0), batch)
    scope = {"jax": jax, "optax": optax, "Players": Players, "State": State, "gan": gan, "tx": tx}
    exec(by_hand, scope)
    new, metrics = jax.jit(scope["step"])(state, batch, jax.random.key(1))
    assert int(new.carry.step) == 1
    assert {"disc/real_score", "gen/fake_score"} <= set(metrics)


def test_the_craft_in_a_system_of_your_own():
    from ganjax import augment, turns
    from ganjax.core import Carry, Players, critics_first, init, play
    from ganjax.nets import mlp
    from ganjax.systems import gan as system

    in_a_loss, around_a_move = blocks("docs/craft.md")
    x, memory, ada = jax.numpy.ones((4, 8, 8, 3)), {"augment": augment.ada().init()}, augment.ada()
    scope: dict = {
        "augment": ada._replace(apply=jax.jit(ada.apply)), "memory": memory,
        "carry": Carry(jax.numpy.zeros((), "int32"), Players({}, {}), memory),
        "D": lambda x: x.mean(axis=(1, 2, 3)), "x": x, "x_fake": -x, "k1": jax.random.key(0), "k2": jax.random.key(1),
    }  # fmt: skip
    exec(in_a_loss, scope)
    assert int(scope["memory"]["augment"]["images"]) == 4
    game = system.build(mlp.generator((8,), (8, 8, 3)), mlp.critic((8,)), latent_dim=2)
    tx = Players(optax.adam(1e-3), optax.adam(1e-3))
    scope |= {"gan": game, "tx": tx, "turns": turns, "play": play, "critics_first": critics_first}
    exec(around_a_move, scope)
    batch = {"image": x[None]}
    state, _ = scope["step"](init(game, tx, jax.random.key(0), batch), batch, jax.random.key(1))
    assert int(state.carry.step) == 1


def test_every_system_and_variant_has_its_row():
    from ganjax import config as configs

    text = (ROOT / "README.md").read_text()
    for name, file in configs.packaged().items():
        row = next(line for line in text.splitlines() if line.startswith(f"| [`{name}`]"))
        assert all(f"`{variant}`" in row for variant in configs.variants(file))


def test_links_lead_somewhere():
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
