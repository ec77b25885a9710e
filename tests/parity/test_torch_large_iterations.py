"""A whole iteration of BigGAN against PyTorch: same weights, batches, latents and labels; same new weights and statistics."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

torch = pytest.importorskip("torch")

from ml_collections import ConfigDict  # noqa: E402

from experiments.pytorch import large, large_iterations, networks  # noqa: E402
from ganjax.core import Carry, Players, State, alternate  # noqa: E402
from ganjax.nets import biggan, bind  # noqa: E402
from ganjax.nets.conv import library  # noqa: E402
from ganjax.systems import biggan as system  # noqa: E402
from ganjax.weights import biggan as names_of  # noqa: E402
from ganjax.weights.layouts import from_official, to_official  # noqa: E402

pytestmark = pytest.mark.parity
B, CLASSES, LATENT, N_CRITIC, ACCUMULATE = 4, 5, 12, 2, 2
EPS = 1e-5  # of Adam on both sides: gradients that are nothing but rounding would else move by the learning rate
GEN = {"size": 32, "channels": 4, "classes": CLASSES, "shared": 6, "attention": (16,)}
DISC = {"size": 32, "channels": 4, "classes": CLASSES, "attention": (16,)}
BETA = 1e-3
SEEN: list = []


class Spy(biggan.Generator):
    """The generator, noting the latents and labels that it is given."""

    def __call__(self, z, label, train=True):
        SEEN.append((np.asarray(z), np.asarray(label)))
        return super().__call__(z, label, train)


def loaded(network, module, names, *inputs):
    params, vars = jax.tree.map(np.asarray, bind.initialise(network, jax.random.key(0), *inputs))
    arrays = {key: x.numpy() for key, x in module.state_dict().items()}
    new = from_official(arrays, names, params, vars, "theirs")
    return jax.tree.map(jnp.asarray, (new[0], {**vars, **new[1]}))


@pytest.mark.parametrize("beta", [0.0, BETA])
def test_two_moves_of_d_and_one_of_g_each_in_two_parts(beta):
    """Parameters, u, σ and running means of both players; R_β's gradient is twice the repository's at the same weight."""
    torch.set_num_threads(1)
    G = networks.randomise(large.BigGenerator(32, 4, LATENT, CLASSES, 6, True, (16,)), 1)
    D = networks.randomise(large.BigDiscriminator(32, 4, CLASSES, (16,)), 2)
    for module in (G, D):
        for key, value in module.state_dict().items():
            if key.endswith(("stored_var", "running_var")):
                value.copy_(value.abs() + 0.5)
    generator, critic = biggan.generator(**GEN), biggan.critic(**DISC)
    generator = Spy(generator.blocks, generator.classes, generator.shared, generator.skip)
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (N_CRITIC * ACCUMULATE, B, 32, 32, 3)).astype(np.float32)
    y = rng.integers(0, CLASSES, (N_CRITIC * ACCUMULATE, B)).astype(np.int32)

    names = Players(names_of.generator(ConfigDict({"generator": GEN})), names_of.critic(ConfigDict({"critic": DISC})))
    gen = loaded(generator, G, names.gen, jnp.zeros((B, LATENT)), jnp.zeros(B, int))
    disc = loaded(critic, D, names.disc, jnp.asarray(x[0]), jnp.asarray(y[0]))
    params, vars = (Players(*both) for both in zip(gen, disc, strict=True))
    tx = Players(optax.adam(1e-3, 0.0, 0.999, eps=EPS), optax.adam(4e-3, 0.0, 0.999, eps=EPS))
    game = system.build(generator, critic, latent_dim=LATENT, classes=CLASSES, orthogonal_weight=beta)
    opt = Players(tx.gen.init(params.gen), tx.disc.init(params.disc))
    state = State(params, opt, Carry(jnp.zeros((), jnp.int32), vars, {}), Players((), ()))
    SEEN.clear()
    with jax.disable_jit(), library():
        step = alternate(game, tx, n_critic=N_CRITIC, accumulate=ACCUMULATE)
        new, metrics = step(state, {"image": jnp.asarray(x), "label": jnp.asarray(y)}, jax.random.key(3))

    played = large_iterations.big_step(
        G.train(),
        D.train(),
        torch.optim.Adam(G.parameters(), 1e-3, (0.0, 0.999), eps=EPS),
        torch.optim.Adam(D.parameters(), 4e-3, (0.0, 0.999), eps=EPS),
        torch.tensor(x.transpose(0, 1, 4, 2, 3).reshape(-1, 3, 32, 32).copy()),
        torch.tensor(y.reshape(-1)).long(),
        [torch.tensor(z) for z, _ in SEEN],
        [torch.tensor(label).long() for _, label in SEEN],
        accumulate=ACCUMULATE,
        num_d_steps=N_CRITIC,
        gen_ortho=2 * beta,
    )
    assert float(metrics["disc/loss"]) == pytest.approx(np.mean([float(each) for each in played.disc]), rel=1e-4)
    between = beta * float(metrics["gen/orthogonal"]) if beta else 0.0  # theirs is in the gradient alone
    assert float(metrics["gen/loss"]) - between == pytest.approx(float(played.gen), rel=1e-3, abs=1e-5)
    for module, own, params, vars in zip((G, D), names, new.params, new.carry.vars, strict=True):
        there = module.state_dict()
        for key, value in to_official(own, params, vars).items():
            if not key.endswith("_var"):  # PyTorch's are unbiased
                np.testing.assert_allclose(value, there[key].numpy(), atol=1e-5, rtol=1e-4, err_msg=key)
