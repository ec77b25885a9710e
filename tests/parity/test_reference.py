"""The PyTorch oracle against the published numbers, closed forms, and its own rules of play."""

import copy
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
lax = pytest.importorskip("jax.lax")

from experiments.pytorch import iterations, layers, losses, networks  # noqa: E402

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
        (lambda: networks.mlp_generator(12, (8,), LATENT), lambda: networks.mlp_discriminator(12, 8)),
        (12,),
    ),
    "paper": (
        (lambda: networks.paper_generator(12, (8, 6), LATENT), lambda: networks.PaperDiscriminator(12, 4, 3)),
        (12,),
    ),
    "dcgan16": (
        (
            lambda: networks.dcgan_generator(16, 4, LATENT, last_bias=True),
            lambda: networks.dcgan_discriminator(16, 4),
        ),
        (3, 16, 16),
    ),
    "dcgan128": (
        (
            lambda: networks.dcgan_generator(128, 2, LATENT, image_channels=1),
            lambda: networks.dcgan_discriminator(128, 2, image_channels=1, first_norm=True),
        ),
        (1, 128, 128),
    ),
    "cifar": (
        (lambda: networks.cifar_generator(4, LATENT), lambda: networks.cifar_discriminator(4)),
        (3, 32, 32),
    ),
    "good": (
        (lambda: networks.good_generator(2, LATENT), lambda: networks.good_discriminator(2)),
        (3, 64, 64),
    ),
    "mnist": (
        (lambda: networks.mnist_generator(2, LATENT), lambda: networks.mnist_discriminator(2)),
        (1, 28, 28),
    ),
    "lsgan": (
        (lambda: networks.lsgan_generator(2, LATENT), lambda: networks.lsgan_discriminator(2)),
        (3, 112, 112),
    ),
}

COUNTS = [
    (networks.mlp_generator, {}, 114_064),
    (networks.mlp_discriminator, {}, 100_609),
    (networks.paper_generator, {}, 2_503_984),
    (networks.PaperDiscriminator, {}, 1_231_441),
    (networks.dcgan_generator, {}, 3_576_704),
    (networks.dcgan_generator, {"last_bias": True}, 3_576_707),
    (networks.dcgan_generator, {"size": 128}, 12_786_560),
    (networks.dcgan_generator, {"size": 128, "latent_dim": 128}, 13_245_312),
    (networks.dcgan_discriminator, {}, 2_765_568),
    (networks.dcgan_discriminator, {"size": 128}, 11_164_416),
    (networks.critic_128, {}, 11_164_544),
    (networks.critic_128, {"sigmoid": True}, 11_164_544),
    (networks.cifar_generator, {}, 1_204_483),
    (networks.cifar_discriminator, {}, 1_053_825),
    (networks.good_generator, {}, 8_540_483),
    (networks.good_discriminator, {}, 7_491_841),
    (networks.mnist_generator, {}, 1_554_177),
    (networks.mnist_discriminator, {}, 1_030_145),
    (networks.lsgan_generator, {}, 15_591_427),
    (networks.lsgan_discriminator, {}, 4_333_441),
    (networks.cyclegan_generator, {}, 7_837_699),
    (networks.cyclegan_generator, {"blocks": 9}, 11_378_179),
    (networks.patch_discriminator, {}, 2_764_737),
]


@pytest.mark.parametrize(("build", "keywords", "count"), COUNTS)
def test_the_published_number_of_parameters(build, keywords, count):
    assert params(meta(build, **keywords)) == count


@pytest.mark.parametrize(
    ("generator", "discriminator", "latent_dim", "shape"),
    [
        (networks.mlp_generator, networks.mlp_discriminator, 100, (784,)),
        (networks.paper_generator, networks.PaperDiscriminator, 100, (784,)),
        (networks.dcgan_generator, networks.dcgan_discriminator, 100, (3, 64, 64)),
        (networks.cifar_generator, networks.cifar_discriminator, 128, (3, 32, 32)),
        (networks.good_generator, networks.good_discriminator, 128, (3, 64, 64)),
        (networks.mnist_generator, networks.mnist_discriminator, 128, (1, 28, 28)),
        (networks.lsgan_generator, networks.lsgan_discriminator, 1024, (3, 112, 112)),
    ],
)
def test_full_size_shapes(generator, discriminator, latent_dim, shape):
    images = meta(generator)(torch.empty(3, latent_dim, device="meta"))
    assert images.shape == (3, *shape)
    assert meta(discriminator)(images).shape == (3,)


@pytest.mark.parametrize("name", SMALL)
def test_small_networks_make_images_and_numbers(name):
    (generator, discriminator), shape = SMALL[name]
    images = networks.randomise(generator(), 0)(torch.randn(4, LATENT))
    assert images.shape == (4, *shape)
    low = 0 if name in ("mlp", "paper", "mnist") else -1
    assert low <= images.min() < images.max() <= 1
    assert networks.randomise(discriminator(), 1)(images).shape == (4,)


def test_cyclegan_shapes():
    x = torch.empty(2, 3, 256, 256, device="meta")
    assert meta(networks.cyclegan_generator)(x).shape == x.shape
    assert meta(networks.patch_discriminator)(x).shape == (2, 1, 30, 30)
    assert meta(networks.patch_discriminator, layers=5)(x).shape == (2, 1, 6, 6)


def test_small_cyclegan_networks():
    x = torch.randn(2, 1, 12, 16)
    y = networks.randomise(networks.cyclegan_generator(2, 1, 1), 0)(x)
    assert y.shape == x.shape
    assert -1 <= y.min() < y.max() <= 1
    assert networks.randomise(networks.patch_discriminator(2, 1, 1), 1)(y).shape == (2, 1, 4, 6)


def test_no_relu_follows_the_sum_of_a_reflect_block():
    block, x = layers.ReflectBlock(3), torch.randn(2, 3, 5, 5)
    torch.nn.init.zeros_(block.conv2.weight)
    torch.testing.assert_close(block(x), x)


def test_a_patch_is_70_pixels_wide():
    net = networks.patch_discriminator(1)
    for name in ("norm1", "norm2", "norm3"):  # they see the whole image
        setattr(net, name, torch.nn.Identity())
    for p in net.parameters():
        torch.nn.init.ones_(p)
    x = torch.ones(1, 3, 256, 256, requires_grad=True)
    (slope,) = torch.autograd.grad(net(x)[0, 0, 15, 15], x)
    seen = slope[0, 0].nonzero()
    assert (seen.amax(0) - seen.amin(0) + 1).tolist() == [70, 70]


def test_the_sigmoid_of_the_128_critic():
    x = torch.randn(2, 3, 128, 128)
    plain, squashed = (networks.randomise(networks.critic_128(2, sigmoid=s), 0) for s in (False, True))
    torch.testing.assert_close(squashed(x), torch.sigmoid(plain(x)))


def test_dcgan_sizes_are_four_times_a_power_of_two():
    for size in (4, 12, 33, 48):
        with pytest.raises(ValueError, match="size"):
            networks.dcgan_generator(size)


@pytest.mark.parametrize("size", [7, 8, 14])
@pytest.mark.parametrize(("kernel", "stride"), [(5, 2), (3, 2), (3, 1)])
def test_same_padding_is_that_of_xla(size, kernel, stride):
    x = torch.randn(2, 3, size, size)
    axes = ("NCHW", "OIHW", "NCHW")
    conv = layers.SameConv2d(3, 4, kernel, stride, bias=False)
    w = conv.weight.detach().numpy()
    ours = conv(x).detach().numpy()
    theirs = lax.conv_general_dilated(x.numpy(), w, (stride, stride), "SAME", dimension_numbers=axes)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)

    conv = layers.SameConvTranspose2d(3, 4, kernel, stride, bias=False)
    w = conv.weight.detach().numpy()  # (in, out, k, k): the kernel of the convolution it transposes
    ours = conv(x).detach().numpy()
    theirs = lax.conv_transpose(x.numpy(), w, (stride, stride), "SAME", dimension_numbers=axes, transpose_kernel=True)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert ours.shape == (2, 4, size * stride, size * stride)


def test_maxout_takes_neighbouring_rows():
    layer = layers.Maxout(1, 2, 3)
    torch.nn.init.zeros_(layer.linear.weight)
    layer.linear.bias.data = torch.tensor([1.0, 5.0, 2.0, 7.0, 3.0, 4.0])
    assert layer(torch.zeros(1, 1)).tolist() == [[5.0, 7.0]]


def test_dropout_masks_of_the_paper():
    net = networks.randomise(networks.PaperDiscriminator(6, 4, 3), 0)
    x = torch.randn(5, 6)
    ones = [torch.full((5, n), keep) for n, keep in ((6, 0.8), (4, 0.5), (4, 0.5))]
    torch.testing.assert_close(net(x, ones), net(x))
    gone = [ones[0], ones[1], torch.zeros(5, 4)]
    torch.testing.assert_close(net(x, gone), net.last.bias.expand(5))


def test_layer_norm_is_over_the_whole_image():
    x = torch.randn(2, 3, 4, 4) * 5 + 1
    y = layers.layer_norm(3)(x).flatten(1)
    torch.testing.assert_close(y.mean(1), torch.zeros(2), atol=1e-6, rtol=0)
    torch.testing.assert_close(y.var(1, correction=0), torch.ones(2))


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_instance_norm_is_that_of_pytorch(batch, memory_format):
    x, slope = torch.randn(2, batch, 3, 4, 4).double()
    seen = []
    for norm, form in ((torch.nn.InstanceNorm2d(3), torch.contiguous_format), (layers.instance_norm(3), memory_format)):
        x = x.detach().contiguous(memory_format=form).requires_grad_(True)
        y = norm(x)
        seen.append((y, *torch.autograd.grad(y, x, slope.contiguous(memory_format=form))))
    for theirs, ours in zip(*seen, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_losses_in_closed_form():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 7)) * 3
    real[0], fake[0] = 100, -100
    soft = lambda v: np.logaddexp(0, v).mean()  # noqa: E731
    square = lambda v: (v**2).mean()  # noqa: E731
    hinge = lambda v: np.maximum(v, 0).mean()  # noqa: E731
    r, f = torch.tensor(real), torch.tensor(fake)
    rows = [
        (losses.gan_disc(r, f), soft(-real) + soft(fake)),
        (losses.dcgan_disc(r, f), soft(-real) + soft(fake)),
        (losses.gan_disc(r, f, 0.9), 0.9 * soft(-real) + 0.1 * soft(real) + soft(fake)),
        (losses.minimax_gen(f), -soft(fake)),
        (losses.non_saturating_gen(f), soft(-fake)),
        (losses.dcgan_gen(f), soft(-fake)),
        (losses.lsgan_disc(r, f), square(real - 1) / 2 + square(fake) / 2),
        (losses.lsgan_disc(r, f, -1, 2), square(real - 2) / 2 + square(fake + 1) / 2),
        (losses.lsgan_gen(f), square(fake - 1) / 2),
        (losses.lsgan_gen(f, 0), square(fake) / 2),
        (losses.wgan_disc(r, f), fake.mean() - real.mean()),
        (losses.wgan_gen(f), -fake.mean()),
        (losses.hinge_disc(r, f), hinge(1 - real) + hinge(1 + fake)),
        (losses.hinge_gen(f), -fake.mean()),
        (
            losses.relativistic_average_disc(r, f),
            soft(fake.mean() - real) + soft(fake - real.mean()),
        ),
        (
            losses.relativistic_average_gen(r, f),
            soft(real.mean() - fake) + soft(real - fake.mean()),
        ),
    ]
    for i, (ours, expected) in enumerate(rows):
        assert ours.item() == pytest.approx(expected, rel=1e-12), i
    zero = torch.zeros(3)
    assert losses.gan_disc(zero, zero).item() == pytest.approx(2 * math.log(2))


def test_penalties_of_a_linear_critic():
    w = torch.tensor([[3.0, 4.0], [0.0, 12.0]], requires_grad=True)  # norm 13
    critic = lambda x: (w * x).sum((1, 2)) + 7  # noqa: E731
    real, fake = torch.randn(2, 5, 2, 2)
    eps, noise = torch.rand(5), torch.rand(5, 2, 2)
    gp = losses.gradient_penalty(critic, real, fake, eps)
    assert gp.item() == pytest.approx(144)
    assert losses.dragan_penalty(critic, real, eps, noise).item() == pytest.approx(144)
    assert losses.r1_penalty(critic, real).item() == pytest.approx(169)
    (slope,) = torch.autograd.grad(gp, w)
    torch.testing.assert_close(slope, 24 * w.detach() / 13)


def test_where_the_penalties_look():
    """For D(x) = ½‖x‖² the slope is the point itself."""
    critic = lambda x: 0.5 * x.square().sum(1)  # noqa: E731
    real, fake = torch.tensor([[3.0, 4.0], [0.0, 6.0]]), torch.tensor([[0.0, 0.0], [8.0, 0.0]])
    gp = losses.gradient_penalty(critic, real, fake, torch.tensor([0.8, 0.0]))
    assert gp.item() == pytest.approx((0**2 + 5**2) / 2, abs=1e-5)
    assert losses.r1_penalty(critic, real).item() == pytest.approx((25 + 36) / 2)
    ones = torch.ones_like(real)
    near = real + torch.tensor([[0.0], [0.5]]) * 0.5 * np.std(real.numpy())
    expected = (near.norm(dim=1) - 1).square().mean().item()
    dragan = losses.dragan_penalty(critic, real, torch.tensor([0.0, 0.5]), ones)
    assert dragan.item() == pytest.approx(expected)


# ------------------------------------------------------------------------------------ iterations

GAMES = [
    ("gan", "mlp", {}),
    ("gan", "mlp", {"gen_loss": losses.minimax_gen}),
    ("gan", "paper", {}),
    ("dcgan", "dcgan16", {}),
    ("lsgan", "lsgan", {"a": -1.0, "b": 1.0, "c": 0.0}),
    ("wgan", "dcgan16", {"clip": 0.05}),
    ("wgan", "dcgan16", {"clip": 0.05, "clip_when": "before"}),
    ("wgan_gp", "cifar", {}),
    ("wgan_gp", "good", {}),
    ("wgan_gp", "mnist", {}),
]
EVERY_GAME = pytest.mark.parametrize(("system", "small", "keywords"), GAMES)


class Game:
    """Two small players in float64 and a play of `critic` moves on fixed numbers."""

    def __init__(self, system, small, keywords):
        builders, self.shape = SMALL[small]
        self.players = [networks.randomise(net().double(), i) for i, net in enumerate(builders)]
        self.optimizers = iterations.make_optimizers(system, *self.players)
        self.system, self.keywords = system, keywords

    def play(self, critic, generator=True, batch=3, memory_format=torch.contiguous_format):
        draw = torch.Generator().manual_seed(0)
        real, z = (
            [torch.randn(batch, *shape, generator=draw).double() for _ in range(critic + 1)]
            for shape in (self.shape, (LATENT,))
        )
        real = [x.tanh().contiguous(memory_format=memory_format) for x in real]
        extra = []
        if self.system == "wgan_gp":
            extra = [[torch.rand(batch, generator=draw).double() for _ in range(critic)]]
        iteration = getattr(iterations, f"{self.system}_iteration")
        played = iteration(
            *self.players,
            self.optimizers,
            real[:critic],
            z[:critic],
            z[-1] if generator else None,
            *extra,
            **self.keywords,
        )
        return played.numbers()

    def weights(self):
        return [{k: v.clone() for k, v in net.named_parameters()} for net in self.players]


def changed(before, after):
    return {k for k in before if not torch.equal(before[k], after[k])}


def same(nets, others):
    for a, b in zip(nets, others, strict=True):
        for (name, p), q in zip(a.named_parameters(), b.parameters(), strict=True):
            if p.grad is not None and p.grad.abs().max() < 1e-12:
                continue  # a bias before BatchNorm: rounding is all of its gradient, and Adam makes a step of that
            torch.testing.assert_close(p, q, atol=1e-9, rtol=0, msg=name)


@EVERY_GAME
def test_a_move_changes_its_player_alone(system, small, keywords):
    game = Game(system, small, keywords)
    start = game.weights()
    disc, gen = game.play(critic=1, generator=False)
    middle = game.weights()
    assert not changed(start[0], middle[0])
    assert changed(start[1], middle[1]) >= {k for k, v in start[1].items() if v.dim() > 1}
    assert all(p.grad is None for p in game.players[0].parameters())
    assert gen is None
    assert len(disc) == 1

    game.optimizers.disc.zero_grad()
    disc, gen = game.play(critic=0)
    end = game.weights()
    assert not changed(middle[1], end[1])
    assert changed(middle[0], end[0]) >= {k for k, v in start[0].items() if v.dim() > 1}
    assert all(p.grad is None and p.requires_grad for p in game.players[1].parameters())
    assert disc == []
    assert math.isfinite(gen)


@EVERY_GAME
def test_the_same_numbers_make_the_same_weights(system, small, keywords):
    one, two = Game(system, small, keywords), Game(system, small, keywords)
    assert one.play(critic=2) == two.play(critic=2)
    for a, b in zip(one.weights(), two.weights(), strict=True):
        assert not changed(a, b)


@EVERY_GAME
def test_the_memory_format_changes_nothing(system, small, keywords):
    one, two = Game(system, small, keywords), Game(system, small, keywords)
    if len(one.shape) == 1:
        pytest.skip("vectors have one format")
    for net in two.players:
        net.to(memory_format=torch.channels_last)
    (disc, gen), played = one.play(critic=2), two.play(critic=2, memory_format=torch.channels_last)
    assert played[0] == pytest.approx(disc, rel=1e-9)
    assert played[1] == pytest.approx(gen, rel=1e-9)
    same(one.players, two.players)


def test_dcgan_adds_the_gradients_of_real_and_fake():
    one, two = Game("dcgan", "dcgan16", {}), Game("dcgan", "dcgan16", {})
    two.system = "gan"
    assert one.play(critic=2)[0] == pytest.approx(two.play(critic=2)[0], rel=1e-12)
    same(one.players, two.players)


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
        opt = iterations.make_optimizers(kind, *nets)
        iterations.move(opt.disc, nets[1](torch.full((1, 1), 2.0).double()).sum())
        assert torch.equal(nets[0].weight, start[0])
        assert (start[1] - nets[1].weight).item() == pytest.approx(step, rel=1e-6)


def test_the_generator_may_draw_another_number_of_latents():
    game = Game("wgan_gp", "mnist", {})
    real, z = torch.rand(2, 1, 28, 28).double(), torch.randn(2, LATENT).double()
    played = iterations.wgan_gp_iteration(
        *game.players, game.optimizers, [real], [z], torch.cat([z, z]), [torch.rand(2).double()]
    )
    assert math.isfinite(played.gen)


# ---------------------------------------------------------------------------- from image to image


def images(channels=3, size=16, seed=0, batch=2):
    draw = torch.Generator().manual_seed(seed)
    return [torch.rand(batch, channels, size, size, generator=draw).double() * 2 - 1 for _ in range(2)]


def translators():
    """Small generators a → b and b → a, small discriminators of a and b."""
    nets = [networks.cyclegan_generator(2, 1), networks.cyclegan_generator(2, 1)]
    nets += [networks.patch_discriminator(2, 1), networks.patch_discriminator(2, 1)]
    nets = [networks.randomise(net.double(), i) for i, net in enumerate(nets)]
    return iterations.Generators(*nets[:2]), iterations.Discriminators(*nets[2:])


def states(nets):
    return [{k: v.clone() for k, v in net.named_parameters()} for net in nets]


def test_cyclegan_in_closed_form():
    """ab, ba, D_a, D_b multiply by a number each; gradient descent at rate 1 shows the slopes."""
    numbers = g, h, p, q = 0.7, -1.2, 0.4, 0.9

    def times(number):
        net = torch.nn.Conv2d(1, 1, 1, bias=False).double()
        torch.nn.init.constant_(net.weight, number)
        return net

    nets = [times(number) for number in numbers]
    players = iterations.Generators(*nets[:2]), iterations.Discriminators(*nets[2:])
    sgd = (torch.optim.SGD([net.weight for net in pair], lr=1.0) for pair in players)
    a, b = images(1, 3)
    played = iterations.cyclegan_iteration(*players, iterations.Optimizers(*sgd), a, b, cycle=3.0, identity=0.2)
    a, b = a.numpy(), b.numpy()
    size = np.abs(a).mean(), np.abs(b).mean()

    def gen(g, h):
        value = ((q * g * a - 1) ** 2).mean() + ((p * h * b - 1) ** 2).mean()
        value += 3 * abs(h * g - 1) * (size[0] + size[1])
        return value + 0.6 * (abs(g - 1) * size[1] + abs(h - 1) * size[0])

    def disc(p, q):
        value = ((p * a - 1) ** 2).mean() + ((p * h * b) ** 2).mean()
        return (value + ((q * b - 1) ** 2).mean() + ((q * g * a) ** 2).mean()) / 2

    assert played.numbers() == ([pytest.approx(disc(p, q))], pytest.approx(gen(g, h)))
    step = 1e-6
    slopes = [
        gen(g + step, h) - gen(g - step, h),
        gen(g, h + step) - gen(g, h - step),
        disc(p + step, q) - disc(p - step, q),
        disc(p, q + step) - disc(p, q - step),
    ]
    for net, number, slope in zip(nets, numbers, slopes, strict=True):
        assert number - net.weight.item() == pytest.approx(slope / (2 * step), rel=1e-6)


@pytest.mark.parametrize("still", ["gen", "disc"])
def test_a_cyclegan_move_changes_its_players_alone(still):
    players, (a, b) = translators(), images()
    optimizers = iterations.make_optimizers("cyclegan", *players)
    getattr(optimizers, still).param_groups[0]["lr"] = 0.0
    before = [states(nets) for nets in players]
    iterations.cyclegan_iteration(*players, optimizers, a, b)
    for name, old, nets in zip(("gen", "disc"), before, players, strict=True):
        for start, end in zip(old, states(nets), strict=True):
            assert changed(start, end) >= ({k for k, v in start.items() if v.dim() > 1} if name != still else set())
            assert name != still or not changed(start, end)
    assert all(p.requires_grad for nets in players for net in nets for p in net.parameters())


def test_cyclegan_discriminators_play_patchgan_on_the_fakes_of_the_old_generators():
    one, two, (a, b) = translators(), translators(), images()
    fakes = two[0].ba(b), two[0].ab(a)
    (loss,), _ = iterations.cyclegan_iteration(*one, iterations.make_optimizers("cyclegan", *one), a, b)
    apart = [
        iterations.patchgan_iteration(net, iterations.make_optimizer("patchgan", net), real, fake)
        for net, real, fake in zip(two[1], (a, b), fakes, strict=True)
    ]
    torch.testing.assert_close(loss, apart[0] + apart[1])
    same(one[1], two[1])
    assert all(p.grad is None for net in two[0] for p in net.parameters())


def test_patchgan_in_closed_form():
    net, (real, fake) = networks.randomise(networks.patch_discriminator(2, 1).double(), 0), images()
    with torch.no_grad():
        expected = ((net(real) - 1).square().mean() + net(fake).square().mean()) / 2
    loss = iterations.patchgan_iteration(net, iterations.make_optimizer("patchgan", net), real, fake)
    torch.testing.assert_close(loss, expected)
    assert not loss.requires_grad


def test_without_identity_the_generators_see_no_target():
    players, (a, b) = translators(), images()
    seen = []
    players[0].ab.register_forward_hook(lambda net, inputs, out: seen.append(inputs[0]))
    iterations.cyclegan_iteration(*players, iterations.make_optimizers("cyclegan", *players), a, b, identity=0.0)
    assert len(seen) == 2
    assert seen[0] is a


@pytest.mark.parametrize("batch", [1, 2])
def test_cyclegan_in_channels_last(batch):
    one, two, (a, b) = translators(), translators(), images(batch=batch)
    played = iterations.cyclegan_iteration(*one, iterations.make_optimizers("cyclegan", *one), a, b)
    for net in (*two[0], *two[1]):
        net.to(memory_format=torch.channels_last)
    a, b = (x.contiguous(memory_format=torch.channels_last) for x in (a, b))
    again = iterations.cyclegan_iteration(*two, iterations.make_optimizers("cyclegan", *two), a, b)
    disc, gen = played.numbers()
    assert again.numbers() == (pytest.approx(disc, rel=1e-9), pytest.approx(gen, rel=1e-9))
    same([*one[0], *one[1]], [*two[0], *two[1]])
