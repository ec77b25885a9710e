"""The networks of VAE/GAN and the two games on them: counts, gradient routes, who rests when."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ganjax import core
from ganjax.core import Carry, Players
from ganjax.losses import minimax_gen, non_saturating_gen
from ganjax.nets import bind
from ganjax.nets import vae_gan as nets
from ganjax.nets.conv import library
from ganjax.systems import vae, vae_gan

SIZE, LATENT = 8, 3
X = jax.random.uniform(jax.random.key(5), (4, SIZE, SIZE, 3), minval=-1.0)


@pytest.fixture(autouse=True)
def library_convolutions():
    with library():
        yield


def count(network, *shape):
    params, _ = jax.eval_shape(lambda key: bind.initialise(network, key, jnp.zeros((2, *shape))), jax.random.key(0))
    return sum(leaf.size for leaf in jax.tree.leaves(params))


@pytest.mark.parametrize(("size", "side"), [(64, 8), (32, 4)])
def test_counts_from_larsens_table(size, side):
    """5 × 5 kernels, two of BatchNorm for each output, biases in the last layers and in D's first; in millions, at
    64 px, about 18.1, 4.7 and 11.0."""
    k = 25
    encoder = k * (3 * 64 + 64 * 128 + 128 * 256) + side**2 * 256 * 1024 + 2 * (64 + 128 + 256 + 1024)
    assert count(nets.encoder(size), size, size, 3) == encoder + 2 * (1024 * 128 + 128)
    dense = side**2 * 256
    decoder = 128 * dense + k * (256 * 256 + 256 * 128 + 128 * 32 + 32 * 3) + 2 * (dense + 256 + 128 + 32)
    assert count(nets.generator(size), 128) == decoder + 3
    critic = k * (3 * 32 + 32 * 128 + 128 * 256 + 256 * 256) + dense * 512 + 2 * (128 + 256 + 256 + 512)
    assert count(nets.critic(size), size, size, 3) == critic + 32 + 513
    if size == 64:
        assert [round(n / 1e6, 1) for n in (encoder, decoder, critic)] == [17.8, 4.7, 11.0]  # heads: 0.3 more


@pytest.mark.ci
def test_what_the_networks_give():
    E, G, D = nets.encoder(16, 4, 5), nets.generator(16, 4), nets.critic(16, 4)
    x = jnp.zeros((2, 16, 16, 3))
    made = [net.init_with_output(jax.random.key(0), arg)[0] for net, arg in ((E, x), (G, jnp.zeros((2, 5))), (D, x))]
    assert [out.shape for out in made[0]] == [(2, 5), (2, 5)]
    assert made[1].shape == x.shape
    logits, features = made[2]
    assert (logits.shape, features.shape) == ((2,), (2, 2, 2, 16))
    assert float(features.min()) < 0 or not features.any()  # a convolution's, before BatchNorm and ReLU


def test_without_batchnorm_an_image_is_judged_alone():
    """Its logit and its features are those it has in any other batch; with BatchNorm the logit is not."""
    key = jax.random.key(1)
    for norm in (True, False):
        params, vars = bind.initialise(nets.critic(8, 4, norm=norm), key, X)
        (logits, features), (two, of_two) = (
            bind.Bound(nets.critic(8, 4, norm=norm), params, vars, key)(x) for x in (X, X[:2])
        )
        assert bool(vars) == norm
        assert np.allclose(logits[:2], two, rtol=1e-4, atol=1e-6) != norm
        assert np.allclose(features[:2], of_two, rtol=1e-4, atol=1e-6) != norm


def test_the_layer_whose_likelihood_it_is():
    """Of 64 px the third convolution of the paper, of 32 px the second, are 8 × 8; the logit is the same with each."""
    x, key = X[:2, :8, :8], jax.random.key(1)
    variables = nets.critic(8, 4).init(key, x)
    made = [nets.critic(8, 4, layer=layer).apply(variables, x, train=False) for layer in (1, 2, 3)]
    assert [features.shape[1:] for _, features in made] == [(4, 4, 8), (2, 2, 16), (1, 1, 16)]
    assert (made[0][0] == made[2][0]).all()
    shapes = [jax.eval_shape(nets.critic(size, layer=layer).init_with_output, key, jnp.zeros((1, size, size, 3)))[0][1]
              for size, layer in ((64, 3), (32, 2))]  # fmt: skip
    assert [features.shape for features in shapes] == [(1, 8, 8, 256)] * 2
    for layer in (0, 4):
        with pytest.raises(ValueError, match="Dis_l is convolution 1, 2 or 3"):
            nets.critic(8, 4, layer=layer)


@pytest.mark.parametrize("make", [nets.encoder, nets.generator, nets.critic])
def test_sizes_that_do_not_fit(make):
    for size in (0, 12, 60):
        with pytest.raises(ValueError, match="multiple of 8"):
            make(size)


# ------------------------------------------------------------------------------------------------------------- the vae


def vae_parts(scale):
    """A game, its parameters, and what one loss says of X."""
    networks = {"encoder": nets.encoder(SIZE, 2, LATENT), "generator": nets.generator(SIZE, 2)}
    played = vae.build(**networks, latent_dim=LATENT, scale=scale)
    params, vars, memory = jax.jit(played.init)(jax.random.key(0), {"image": X})
    key = jax.random.key(3)
    loss, (_, metrics) = jax.jit(played.gen_loss)(params, Carry(jnp.int32(0), vars, memory), {"image": X}, key)
    return networks, params, vars, key, loss, metrics


@pytest.mark.parametrize("scale", [0.3, None])
def test_the_elbo_in_float64(scale):
    networks, params, vars, key, loss, metrics = vae_parts(scale)
    z_key, _ = jax.random.split(key)

    def call(name, x):
        out, _ = networks[name].apply({"params": params.gen[name], **vars.gen[name]}, x, mutable=["batch_stats"])
        return out

    mean, log_variance = call("encoder", X)
    z = mean + jnp.exp(log_variance / 2) * jax.random.normal(z_key, mean.shape)
    made = np.asarray(call("generator", z), np.float64)
    mu, var = np.asarray(mean, np.float64), np.exp(np.asarray(log_variance, np.float64))
    kl = np.mean(np.sum(mu**2 + var - 1 - np.log(var), axis=1) / 2)
    error = (np.asarray(X, np.float64) - made) ** 2
    sigma = np.sqrt(error.mean()) if scale is None else scale
    density = np.exp(-error / (2 * sigma**2)) / np.sqrt(2 * np.pi * sigma**2)  # the normal's own formula
    reconstruction = np.log(density).reshape(len(X), -1).sum(axis=1).mean()
    assert float(metrics["gen/kl"]) == pytest.approx(kl, rel=1e-5)
    assert float(metrics["gen/reconstruction"]) == pytest.approx(reconstruction, rel=1e-5)
    assert float(metrics["gen/elbo"]) == -float(loss) == pytest.approx(reconstruction - kl, rel=1e-5)
    assert float(metrics["gen/scale"]) == pytest.approx(sigma, rel=1e-5)


def test_the_best_scale_of_a_batch_is_the_best():
    *_, metrics = vae_parts(None)
    best = float(metrics["gen/scale"])
    values = [float(vae_parts(best * factor)[-1]["gen/reconstruction"]) for factor in (0.8, 1.0, 1.25)]
    assert values[1] == pytest.approx(float(metrics["gen/reconstruction"]), rel=1e-5)
    assert values[1] == max(values)


def test_an_image_is_drawn_again_from_the_mean_of_its_code():
    networks, params, vars, *_ = vae_parts(None)
    played = vae.build(**networks, latent_dim=LATENT)
    mean, _ = networks["encoder"].apply({"params": params.gen["encoder"], **vars.gen["encoder"]}, X, train=False)
    again, _ = played.generate(params.gen, vars.gen, {"image": X}, jax.random.key(1))
    of_mean, _ = played.generate(params.gen, vars.gen, {"z": mean}, jax.random.key(2))
    np.testing.assert_allclose(again["image"], of_mean["image"], atol=1e-6)


# --------------------------------------------------------------------------------------------------------- the vae/gan


def game(**keywords):
    networks = {
        "encoder": nets.encoder(SIZE, 2, LATENT),
        "generator": nets.generator(SIZE, 2),
        "critic": nets.critic(SIZE, 2),
    }
    return networks, vae_gan.build(**networks, latent_dim=LATENT, **keywords)


def start(played):
    params, vars, memory = jax.jit(played.init)(jax.random.key(0), {"image": X})
    params = jax.tree.map(lambda p: p + 0.1 * jax.random.normal(jax.random.key(p.size), p.shape), params)
    return params, Carry(jnp.int32(0), vars, memory)


@pytest.mark.ci
@pytest.mark.parametrize(("both", "objective"), [(True, minimax_gen), (False, non_saturating_gen)])
def test_the_gradients_are_those_of_three_losses(both, objective):
    """Encoder, decoder and D each with a loss of its own, everything else in it held constant."""
    gamma, w = 0.3, 50.0
    networks, played = game(
        gamma=gamma, reconstruction_weight=w, discriminate_reconstructions=both, objective=objective
    )
    params, carry = start(played)
    z_key, prior_key, _ = jax.random.split(jax.random.key(7), 3)
    noise, z_p = (jax.random.normal(k, (len(X), LATENT)) for k in (z_key, prior_key))

    def call(name, own, x):
        vars = carry.vars.disc if name == "critic" else carry.vars.gen[name]
        return networks[name].apply({"params": own, **vars}, x, mutable=["batch_stats"])[0]

    def code(enc):
        mean, log_variance = call("encoder", enc, X)
        kl = 0.5 * jnp.mean(jnp.sum(mean**2 + jnp.exp(log_variance) - 1 - log_variance, axis=1))
        return mean + jnp.exp(0.5 * log_variance) * noise, kl

    def unlike(dec, z):
        _, features = call("critic", params.disc, jnp.concatenate([X, call("generator", dec, z)]))
        a, b = jnp.split(features, 2)
        return w / a[0].size * jnp.mean(jnp.sum((a - b).reshape(len(X), -1) ** 2, axis=1)) / 2

    def fakes(dec, z):
        return call("generator", dec, jnp.concatenate([z_p, z]) if both else z_p)

    def of_encoder(enc):
        z, kl = code(enc)
        return kl + unlike(params.gen["generator"], z)

    def of_decoder(dec):
        z, _ = code(params.gen["encoder"])
        logits, _ = call("critic", params.disc, fakes(dec, z))
        return gamma * unlike(dec, z) + objective(logits)

    def of_critic(disc):
        real, _ = call("critic", disc, X)
        fake, _ = call("critic", disc, fakes(params.gen["generator"], code(params.gen["encoder"])[0]))
        return -0.5 * jnp.mean(jax.nn.log_sigmoid(real)) - 0.5 * jnp.mean(jax.nn.log_sigmoid(-fake))

    def gradient(loss, who):
        def of_own(own):
            return loss(params._replace(**{who: own}), carry, {"image": X}, jax.random.key(7))[0]

        return jax.jit(jax.grad(of_own))(getattr(params, who))

    gen, disc = gradient(played.gen_loss, "gen"), gradient(played.disc_loss, "disc")
    expected = {
        "encoder": jax.jit(jax.grad(of_encoder))(params.gen["encoder"]),
        "generator": jax.jit(jax.grad(of_decoder))(params.gen["generator"]),
    }
    for got, wanted in ((gen, expected), (disc, jax.jit(jax.grad(of_critic))(params.disc))):
        largest = max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(wanted))
        assert largest > 1e-3
        for (path, a), b in zip(jax.tree_util.tree_leaves_with_path(got), jax.tree.leaves(wanted), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6 * max(1, largest), err_msg=jax.tree_util.keystr(path))


@pytest.mark.ci
def test_the_penalty_is_the_slope_at_real_images():
    """½ w E ‖∇D(x)‖² on top of D's loss; neither the other player nor anybody's statistics know of it."""
    games = {weight: game(penalty_weight=weight)[1] for weight in (0.0, 3.0)}
    params, carry = start(games[0.0])
    key, batch = jax.random.key(3), {"image": X}
    disc = {weight: jax.jit(each.disc_loss)(params, carry, batch, key) for weight, each in games.items()}
    slope = float(disc[3.0][1][1]["disc/slope"])
    assert slope > 0
    assert float(disc[3.0][0] - disc[0.0][0]) == pytest.approx(1.5 * slope, rel=1e-3)
    jax.tree.map(np.testing.assert_array_equal, disc[3.0][1][0].vars, disc[0.0][1][0].vars)
    assert len({float(jax.jit(each.gen_loss)(params, carry, batch, key)[0]) for each in games.values()}) == 1


@pytest.mark.ci
def test_scaled_changes_no_value_and_the_gradient_of_parameters_alone():
    networks, played = game()
    params, carry = start(played)

    def total(own, z, factor):
        G = bind.Bound(networks["generator"], own, carry.vars.gen["generator"], jax.random.key(0))
        out = G(z) if factor is None else G.scaled(factor, z)
        return (out * X).sum(), (out, G.vars)

    z = jax.random.normal(jax.random.key(1), (len(X), LATENT))
    of = jax.jit(jax.value_and_grad(total, argnums=(0, 1), has_aux=True), static_argnums=2)
    (_, plain), (by_own, by_z) = of(params.gen["generator"], z, None)
    for factor in (0.0, 0.25):
        (_, same), (scaled, by_z_too) = of(params.gen["generator"], z, factor)
        assert jax.tree.all(jax.tree.map(lambda a, b: bool((a == b).all()), plain, same))
        np.testing.assert_allclose(by_z_too, by_z, rtol=1e-5, atol=1e-6)
        for a, b in zip(jax.tree.leaves(scaled), jax.tree.leaves(by_own), strict=True):
            np.testing.assert_allclose(a, factor * b, rtol=1e-4, atol=1e-5)


LOW, HIGH = 0.5, 1.0


@pytest.mark.parametrize(
    ("real", "fake", "resting"),
    [
        (0.7, 0.7, None),
        (0.4, 0.7, "disc"),
        (0.7, 0.4, "disc"),
        (1.1, 0.7, "decoder"),
        (0.7, 1.1, "decoder"),
        (0.4, 1.1, None),  # both would rest: both move
    ],
)
def test_who_is_ahead_rests(real, fake, resting):
    """A game whose costs are given: each player's gradient is one everywhere."""

    def cost(who):
        def loss(params, carry, batch, key):
            del batch, key
            total = sum(jax.tree.leaves(getattr(params, who)), jnp.zeros(()))
            seen = {"encoder": carry.vars.gen["encoder"] + 1, "generator": carry.vars.gen["generator"] + 1}
            metrics = {f"{who}/real_loss": jnp.float32(real), f"{who}/fake_loss": jnp.float32(fake)}
            return total, (carry._replace(vars=carry.vars._replace(gen=seen)), metrics)

        return loss

    def init(key, batch):
        del key, batch
        gen = {"encoder": jnp.zeros(()), "generator": jnp.zeros(())}
        return Players(gen, jnp.zeros(())), Players(dict(gen), {}), {}

    _, played = game()
    played = played._replace(init=init, disc_loss=cost("disc"), gen_loss=cost("gen"))
    tx = Players(optax.adam(0.1), optax.adam(0.1))
    state = core.init(played, tx, jax.random.key(0), {"image": X[None]})
    step = jax.jit(vae_gan.moves(played, tx, gate=(LOW, HIGH)))
    after, metrics = step(state, {"image": X[None]}, jax.random.key(0))
    assert float(after.params.gen["encoder"]) == pytest.approx(-0.1, abs=1e-5)
    assert float(after.params.disc) == pytest.approx(0 if resting == "disc" else -0.1, abs=1e-5)
    assert bool(jnp.isnan(metrics["disc/loss"])) == (resting == "disc")
    rested = [after.params.gen, after.opt.gen[0].mu, after.opt.gen[0].nu, after.ema.gen[0]]
    assert all(float(tree["generator"]) == 0 for tree in rested) == (resting == "decoder")
    assert float(after.opt.gen[0].mu["encoder"]) != 0
    moved = {"disc": 1, "decoder": 1}.get(resting, 2)  # of the two losses that count what they see
    assert float(after.carry.vars.gen["generator"]) == moved
    assert int(after.carry.step) == 1


@pytest.mark.ci
def test_a_gate_that_is_wide_open_is_no_gate():
    _, played = game(reconstruction_weight=10.0, gamma=0.1)
    tx = Players(optax.sgd(0.01), optax.sgd(0.01))
    state = jax.jit(lambda key: core.init(played, tx, key, {"image": X[None]}))(jax.random.key(0))
    free, gated = (
        jax.jit(vae_gan.moves(played, tx, gate=gate))(state, {"image": X[None]}, jax.random.key(1))[0]
        for gate in (None, (0.0, 1e9))
    )
    for a, b in zip(jax.tree.leaves(free), jax.tree.leaves(gated), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)
