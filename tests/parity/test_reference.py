"""The PyTorch oracle against the published numbers, closed forms, and its own rules of play."""

import copy
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
lax = pytest.importorskip("jax.lax")

import reference as ref  # noqa: E402

pytestmark = pytest.mark.parity


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Networks this small only wait for a second one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def params(net):
    return sum(p.numel() for p in net.parameters())


def meta(build, *args, **keywords):
    with torch.device("meta"):
        return build(*args, **keywords)


LATENT = 5
SMALL = {  # (generator, discriminator), image shape
    "mlp": (
        (lambda: ref.mlp_generator(12, (8,), LATENT), lambda: ref.mlp_discriminator(12, 8)),
        (12,),
    ),
    "paper": (
        (lambda: ref.paper_generator(12, (8, 6), LATENT), lambda: ref.PaperDiscriminator(12, 4, 3)),
        (12,),
    ),
    "dcgan16": (
        (
            lambda: ref.dcgan_generator(16, 4, LATENT, last_bias=True),
            lambda: ref.dcgan_discriminator(16, 4),
        ),
        (3, 16, 16),
    ),
    "dcgan128": (
        (
            lambda: ref.dcgan_generator(128, 2, LATENT, image_channels=1),
            lambda: ref.dcgan_discriminator(128, 2, image_channels=1, first_norm=True),
        ),
        (1, 128, 128),
    ),
    "cifar": (
        (lambda: ref.cifar_generator(4, LATENT), lambda: ref.cifar_discriminator(4)),
        (3, 32, 32),
    ),
    "good": (
        (lambda: ref.good_generator(2, LATENT), lambda: ref.good_discriminator(2)),
        (3, 64, 64),
    ),
    "mnist": (
        (lambda: ref.mnist_generator(2, LATENT), lambda: ref.mnist_discriminator(2)),
        (1, 28, 28),
    ),
    "lsgan": (
        (lambda: ref.lsgan_generator(2, LATENT), lambda: ref.lsgan_discriminator(2)),
        (3, 112, 112),
    ),
}

COUNTS = [
    (ref.mlp_generator, {}, 114_064),
    (ref.mlp_discriminator, {}, 100_609),
    (ref.paper_generator, {}, 2_503_984),
    (ref.PaperDiscriminator, {}, 1_231_441),
    (ref.dcgan_generator, {}, 3_576_704),
    (ref.dcgan_generator, {"last_bias": True}, 3_576_707),
    (ref.dcgan_generator, {"size": 128}, 12_786_560),
    (ref.dcgan_generator, {"size": 128, "latent_dim": 128}, 13_245_312),
    (ref.dcgan_discriminator, {}, 2_765_568),
    (ref.dcgan_discriminator, {"size": 128}, 11_164_416),
    (ref.critic_128, {}, 11_164_544),
    (ref.critic_128, {"sigmoid": True}, 11_164_544),
    (ref.cifar_generator, {}, 1_204_483),
    (ref.cifar_discriminator, {}, 1_053_825),
    (ref.good_generator, {}, 8_540_483),
    (ref.good_discriminator, {}, 7_491_841),
    (ref.mnist_generator, {}, 1_554_177),
    (ref.mnist_discriminator, {}, 1_030_145),
    (ref.lsgan_generator, {}, 15_591_427),
    (ref.lsgan_discriminator, {}, 4_333_441),
]


@pytest.mark.parametrize(("build", "keywords", "count"), COUNTS)
def test_the_published_number_of_parameters(build, keywords, count):
    assert params(meta(build, **keywords)) == count


@pytest.mark.parametrize(
    ("generator", "discriminator", "latent_dim", "shape"),
    [
        (ref.mlp_generator, ref.mlp_discriminator, 100, (784,)),
        (ref.paper_generator, ref.PaperDiscriminator, 100, (784,)),
        (ref.dcgan_generator, ref.dcgan_discriminator, 100, (3, 64, 64)),
        (ref.cifar_generator, ref.cifar_discriminator, 128, (3, 32, 32)),
        (ref.good_generator, ref.good_discriminator, 128, (3, 64, 64)),
        (ref.mnist_generator, ref.mnist_discriminator, 128, (1, 28, 28)),
        (ref.lsgan_generator, ref.lsgan_discriminator, 1024, (3, 112, 112)),
    ],
)
def test_full_size_shapes(generator, discriminator, latent_dim, shape):
    images = meta(generator)(torch.empty(3, latent_dim, device="meta"))
    assert images.shape == (3, *shape)
    assert meta(discriminator)(images).shape == (3,)


@pytest.mark.parametrize("name", SMALL)
def test_small_networks_make_images_and_numbers(name):
    (generator, discriminator), shape = SMALL[name]
    images = ref.randomise(generator(), 0)(torch.randn(4, LATENT))
    assert images.shape == (4, *shape)
    low = 0 if name in ("mlp", "paper", "mnist") else -1
    assert low <= images.min() < images.max() <= 1
    assert ref.randomise(discriminator(), 1)(images).shape == (4,)


def test_the_sigmoid_of_the_128_critic():
    x = torch.randn(2, 3, 128, 128)
    plain, squashed = (ref.randomise(ref.critic_128(2, sigmoid=s), 0) for s in (False, True))
    torch.testing.assert_close(squashed(x), torch.sigmoid(plain(x)))


def test_dcgan_sizes_are_four_times_a_power_of_two():
    for size in (4, 12, 33, 48):
        with pytest.raises(ValueError, match="size"):
            ref.dcgan_generator(size)


@pytest.mark.parametrize("size", [7, 8, 14])
@pytest.mark.parametrize(("kernel", "stride"), [(5, 2), (3, 2), (3, 1)])
def test_same_padding_is_that_of_xla(size, kernel, stride):
    x = torch.randn(2, 3, size, size)
    axes = ("NCHW", "OIHW", "NCHW")
    conv = ref.SameConv2d(3, 4, kernel, stride, bias=False)
    w = conv.weight.detach().numpy()
    ours = conv(x).detach().numpy()
    theirs = lax.conv_general_dilated(x.numpy(), w, (stride, stride), "SAME", dimension_numbers=axes)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)

    conv = ref.SameConvTranspose2d(3, 4, kernel, stride, bias=False)
    w = conv.weight.detach().numpy()  # (in, out, k, k): the kernel of the convolution it transposes
    ours = conv(x).detach().numpy()
    theirs = lax.conv_transpose(x.numpy(), w, (stride, stride), "SAME", dimension_numbers=axes, transpose_kernel=True)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert ours.shape == (2, 4, size * stride, size * stride)


def test_maxout_takes_neighbouring_rows():
    layer = ref.Maxout(1, 2, 3)
    torch.nn.init.zeros_(layer.linear.weight)
    layer.linear.bias.data = torch.tensor([1.0, 5.0, 2.0, 7.0, 3.0, 4.0])
    assert layer(torch.zeros(1, 1)).tolist() == [[5.0, 7.0]]


def test_dropout_masks_of_the_paper():
    net = ref.randomise(ref.PaperDiscriminator(6, 4, 3), 0)
    x = torch.randn(5, 6)
    ones = [torch.full((5, n), keep) for n, keep in ((6, 0.8), (4, 0.5), (4, 0.5))]
    torch.testing.assert_close(net(x, ones), net(x))
    gone = [ones[0], ones[1], torch.zeros(5, 4)]
    torch.testing.assert_close(net(x, gone), net.last.bias.expand(5))


def test_layer_norm_is_over_the_whole_image():
    x = torch.randn(2, 3, 4, 4) * 5 + 1
    y = ref.layer_norm(3)(x).flatten(1)
    torch.testing.assert_close(y.mean(1), torch.zeros(2), atol=1e-6, rtol=0)
    torch.testing.assert_close(y.var(1, correction=0), torch.ones(2))


def test_losses_in_closed_form():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 7)) * 3
    real[0], fake[0] = 100, -100
    soft = lambda v: np.logaddexp(0, v).mean()  # noqa: E731
    square = lambda v: (v**2).mean()  # noqa: E731
    hinge = lambda v: np.maximum(v, 0).mean()  # noqa: E731
    r, f = torch.tensor(real), torch.tensor(fake)
    rows = [
        (ref.gan_disc(r, f), soft(-real) + soft(fake)),
        (ref.dcgan_disc(r, f), soft(-real) + soft(fake)),
        (ref.gan_disc(r, f, 0.9), 0.9 * soft(-real) + 0.1 * soft(real) + soft(fake)),
        (ref.minimax_gen(f), -soft(fake)),
        (ref.non_saturating_gen(f), soft(-fake)),
        (ref.dcgan_gen(f), soft(-fake)),
        (ref.lsgan_disc(r, f), square(real - 1) / 2 + square(fake) / 2),
        (ref.lsgan_disc(r, f, -1, 2), square(real - 2) / 2 + square(fake + 1) / 2),
        (ref.lsgan_gen(f), square(fake - 1) / 2),
        (ref.lsgan_gen(f, 0), square(fake) / 2),
        (ref.wgan_disc(r, f), fake.mean() - real.mean()),
        (ref.wgan_gen(f), -fake.mean()),
        (ref.hinge_disc(r, f), hinge(1 - real) + hinge(1 + fake)),
        (ref.hinge_gen(f), -fake.mean()),
        (
            ref.relativistic_average_disc(r, f),
            soft(fake.mean() - real) + soft(fake - real.mean()),
        ),
        (
            ref.relativistic_average_gen(r, f),
            soft(real.mean() - fake) + soft(real - fake.mean()),
        ),
    ]
    for i, (ours, expected) in enumerate(rows):
        assert ours.item() == pytest.approx(expected, rel=1e-12), i
    zero = torch.zeros(3)
    assert ref.gan_disc(zero, zero).item() == pytest.approx(2 * math.log(2))


def test_penalties_of_a_linear_critic():
    w = torch.tensor([[3.0, 4.0], [0.0, 12.0]], requires_grad=True)  # norm 13
    critic = lambda x: (w * x).sum((1, 2)) + 7  # noqa: E731
    real, fake = torch.randn(2, 5, 2, 2)
    eps, noise = torch.rand(5), torch.rand(5, 2, 2)
    gp = ref.gradient_penalty(critic, real, fake, eps)
    assert gp.item() == pytest.approx(144)
    assert ref.dragan_penalty(critic, real, eps, noise).item() == pytest.approx(144)
    assert ref.r1_penalty(critic, real).item() == pytest.approx(169)
    (slope,) = torch.autograd.grad(gp, w)
    torch.testing.assert_close(slope, 24 * w.detach() / 13)


def test_where_the_penalties_look():
    """For D(x) = ½‖x‖² the slope is the point itself."""
    critic = lambda x: 0.5 * x.square().sum(1)  # noqa: E731
    real, fake = torch.tensor([[3.0, 4.0], [0.0, 6.0]]), torch.tensor([[0.0, 0.0], [8.0, 0.0]])
    gp = ref.gradient_penalty(critic, real, fake, torch.tensor([0.8, 0.0]))
    assert gp.item() == pytest.approx((0**2 + 5**2) / 2, abs=1e-5)
    assert ref.r1_penalty(critic, real).item() == pytest.approx((25 + 36) / 2)
    ones = torch.ones_like(real)
    near = real + torch.tensor([[0.0], [0.5]]) * 0.5 * np.std(real.numpy())
    expected = (near.norm(dim=1) - 1).square().mean().item()
    dragan = ref.dragan_penalty(critic, real, torch.tensor([0.0, 0.5]), ones)
    assert dragan.item() == pytest.approx(expected)


# ------------------------------------------------------------------------------------ iterations

GAMES = [
    ("gan", "mlp", {}),
    ("gan", "mlp", {"gen_loss": ref.minimax_gen}),
    ("gan", "paper", {}),
    ("dcgan", "dcgan16", {}),
    ("lsgan", "lsgan", {"a": -1.0, "b": 1.0, "c": 0.0}),
    ("wgan", "dcgan16", {"clip": 0.05}),
    ("wgan", "dcgan16", {"clip": 0.05, "clip_when": "before"}),
    ("wgan_gp", "cifar", {}),
    ("wgan_gp", "good", {}),
    ("wgan_gp", "mnist", {}),
]
EVERY_GAME = pytest.mark.parametrize(("system", "networks", "keywords"), GAMES)


class Game:
    """Two small players in float64 and a play of `critic` moves on fixed numbers."""

    def __init__(self, system, networks, keywords):
        builders, self.shape = SMALL[networks]
        self.players = [ref.randomise(net().double(), i) for i, net in enumerate(builders)]
        self.optimizers = ref.make_optimizers(system, *self.players)
        self.system, self.keywords = system, keywords

    def play(self, critic, generator=True, batch=3):
        draw = torch.Generator().manual_seed(0)
        real, z = (
            [torch.randn(batch, *shape, generator=draw).double() for _ in range(critic + 1)]
            for shape in (self.shape, (LATENT,))
        )
        real = [x.tanh() for x in real]
        extra = []
        if self.system == "wgan_gp":
            extra = [[torch.rand(batch, generator=draw).double() for _ in range(critic)]]
        iteration = getattr(ref, f"{self.system}_iteration")
        return iteration(
            *self.players,
            self.optimizers,
            real[:critic],
            z[:critic],
            z[-1] if generator else None,
            *extra,
            **self.keywords,
        )

    def weights(self):
        return [{k: v.clone() for k, v in net.named_parameters()} for net in self.players]


def changed(before, after):
    return {k for k in before if not torch.equal(before[k], after[k])}


@EVERY_GAME
def test_a_move_changes_its_player_alone(system, networks, keywords):
    game = Game(system, networks, keywords)
    start = game.weights()
    losses = game.play(critic=1, generator=False)
    middle = game.weights()
    assert not changed(start[0], middle[0])
    assert changed(start[1], middle[1]) >= {k for k, v in start[1].items() if v.dim() > 1}
    assert all(p.grad is None for p in game.players[0].parameters())
    assert losses.gen is None
    assert len(losses.disc) == 1

    losses = game.play(critic=0)
    end = game.weights()
    assert not changed(middle[1], end[1])
    assert changed(middle[0], end[0]) >= {k for k, v in start[0].items() if v.dim() > 1}
    assert losses.disc == []
    assert math.isfinite(losses.gen)


@EVERY_GAME
def test_the_same_numbers_make_the_same_weights(system, networks, keywords):
    one, two = Game(system, networks, keywords), Game(system, networks, keywords)
    assert one.play(critic=2) == two.play(critic=2)
    for a, b in zip(one.weights(), two.weights(), strict=True):
        assert not changed(a, b)


def test_dcgan_adds_the_gradients_of_real_and_fake():
    one, two = Game("dcgan", "dcgan16", {}), Game("dcgan", "dcgan16", {})
    two.system = "gan"
    assert one.play(critic=2).disc == pytest.approx(two.play(critic=2).disc, rel=1e-12)
    for a, b in zip(one.players, two.players, strict=True):
        for (name, p), q in zip(a.named_parameters(), b.parameters(), strict=True):
            torch.testing.assert_close(p, q, atol=1e-9, rtol=0, msg=name)


@pytest.mark.parametrize("system", ["dcgan", "wgan"])
def test_running_statistics_see_every_call(system):
    game = Game(system, "dcgan16", {})
    game.play(critic=3)
    calls = [int(net.norm1.num_batches_tracked) for net in game.players]
    assert calls == [3 + 1, 3 * 2 + 1]


def test_clipping_after_the_update_leaves_no_weight_outside():
    game = Game("wgan", "dcgan16", {})
    game.play(critic=2)
    assert max(p.abs().max() for p in game.players[1].parameters()) <= 0.01


def test_clipping_before_the_update_leaves_the_update_visible():
    game = Game("wgan", "dcgan16", {"clip_when": "before"})
    game.play(critic=2)
    largest = max(p.abs().max() for p in game.players[1].parameters())
    assert 0.01 < largest < 0.011


def test_first_steps_in_closed_form():
    """One weight: RMSprop's first step is lr·g / (√(.01 g²) + ε), Adam's is lr·g / (|g| + ε)."""
    for kind, step in (("wgan", 5e-5 / 0.1), ("lsgan", 1e-3)):
        nets = [torch.nn.Linear(1, 1, bias=False).double() for _ in range(2)]
        start = [copy.deepcopy(net.weight.data) for net in nets]
        opt = ref.make_optimizers(kind, *nets)
        ref._move(opt.disc, nets[1](torch.full((1, 1), 2.0).double()).sum())
        assert torch.equal(nets[0].weight, start[0])
        assert (start[1] - nets[1].weight).item() == pytest.approx(step, rel=1e-6)


def test_the_generator_may_draw_another_number_of_latents():
    game = Game("wgan_gp", "mnist", {})
    real, z = torch.rand(2, 1, 28, 28).double(), torch.randn(2, LATENT).double()
    losses = ref.wgan_gp_iteration(
        *game.players, game.optimizers, [real], [z], torch.cat([z, z]), [torch.rand(2).double()]
    )
    assert math.isfinite(losses.gen)
