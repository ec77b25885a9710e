"""The training losses of StarGAN, MUNIT and U-GAT-IT, each as the official trainer computes it.

A function takes networks of `experiments.pytorch.domains`, batches, and what the trainer draws, and returns one
number to be minimised. Networks are called in the trainer's order, which matters where a call changes them
(spectral norm, running statistics). The discriminators' losses let no gradient into the generators.
"""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from experiments.pytorch.layers import instance_norm
from experiments.pytorch.losses import bce, gradient_penalty, square

# ------------------------------------------------------------------------------------------ StarGAN


def star_classification(logits: Tensor, label: Tensor) -> Tensor:
    """Of floats (batch, c): binary cross-entropies, summed, per image. Of integers (batch,): cross-entropy."""
    if label.is_floating_point():
        return F.binary_cross_entropy_with_logits(logits, label, reduction="sum") / len(logits)
    return F.cross_entropy(logits, label)


def star_disc_loss(
    gen: nn.Module,
    disc: nn.Module,
    x: Tensor,
    label: Tensor,
    c_target: Tensor,
    alpha: Tensor,
    lambda_cls: float = 1.0,
    lambda_gp: float = 10.0,
) -> Tensor:
    """`label` is the images' own, `c_target` the generator's input, `alpha` (batch,) the real images' share."""
    real, logits = disc(x)
    x_fake = gen(x, c_target).detach()
    fake, _ = disc(x_fake)
    penalty = gradient_penalty(lambda between: disc(between)[0], x_fake, x, alpha.flatten())
    classified = lambda_cls * star_classification(logits, label)
    return fake.mean() - real.mean() + classified + lambda_gp * penalty


def star_gen_loss(
    gen: nn.Module,
    disc: nn.Module,
    x: Tensor,
    c_org: Tensor,
    c_target: Tensor,
    label_target: Tensor,
    lambda_cls: float = 1.0,
    lambda_rec: float = 10.0,
) -> Tensor:
    """`c_org` and `c_target` are the generator's inputs, `label_target` is `c_target` as the classifier takes it."""
    x_fake = gen(x, c_target)
    fake, logits = disc(x_fake)
    back = gen(x_fake, c_org)
    classified = lambda_cls * star_classification(logits, label_target)
    return -fake.mean() + lambda_rec * F.l1_loss(back, x) + classified


# -------------------------------------------------------------------------------------------- MUNIT


def munit_dis_loss(
    gen_a: nn.Module,
    gen_b: nn.Module,
    dis_a: nn.Module,
    dis_b: nn.Module,
    x_a: Tensor,
    x_b: Tensor,
    s_a: Tensor,
    s_b: Tensor,
    gan_w: float = 1.0,
) -> Tensor:
    """Both domains' critics, summed over scales; `s_a`, `s_b` (batch, style_dim, 1, 1) ~ N(0, 1)."""
    with torch.no_grad():
        c_a, _ = gen_a.encode(x_a)
        c_b, _ = gen_b.encode(x_b)
        x_ba = gen_a.decode(c_b, s_a)
        x_ab = gen_b.decode(c_a, s_b)
    loss = x_a.new_zeros(())
    for dis, fake, real in ((dis_a, x_ba, x_a), (dis_b, x_ab, x_b)):
        loss = loss + sum(square(out, 0.0) for out in dis(fake)) + sum(square(out, 1.0) for out in dis(real))
    return gan_w * loss


def munit_gen_loss(
    gen_a: nn.Module,
    gen_b: nn.Module,
    dis_a: nn.Module,
    dis_b: nn.Module,
    x_a: Tensor,
    x_b: Tensor,
    s_a: Tensor,
    s_b: Tensor,
    gan_w: float = 1.0,
    recon_x_w: float = 10.0,
    recon_s_w: float = 1.0,
    recon_c_w: float = 1.0,
    recon_x_cyc_w: float = 0.0,
    vgg_w: float = 0.0,
    features: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Both domains' autoencoders; `features` is VGG's relu5_3 of images in [-1, 1], which only `vgg_w` asks for."""
    c_a, s_a_prime = gen_a.encode(x_a)
    c_b, s_b_prime = gen_b.encode(x_b)
    x_a_recon = gen_a.decode(c_a, s_a_prime)
    x_b_recon = gen_b.decode(c_b, s_b_prime)
    x_ba = gen_a.decode(c_b, s_a)
    x_ab = gen_b.decode(c_a, s_b)
    c_b_recon, s_a_recon = gen_a.encode(x_ba)
    c_a_recon, s_b_recon = gen_b.encode(x_ab)

    loss = recon_x_w * (F.l1_loss(x_a_recon, x_a) + F.l1_loss(x_b_recon, x_b))
    loss = loss + recon_s_w * (F.l1_loss(s_a_recon, s_a) + F.l1_loss(s_b_recon, s_b))
    loss = loss + recon_c_w * (F.l1_loss(c_a_recon, c_a) + F.l1_loss(c_b_recon, c_b))
    if recon_x_cyc_w:
        x_aba = gen_a.decode(c_a_recon, s_a_prime)
        x_bab = gen_b.decode(c_b_recon, s_b_prime)
        loss = loss + recon_x_cyc_w * (F.l1_loss(x_aba, x_a) + F.l1_loss(x_bab, x_b))
    for dis, fake in ((dis_a, x_ba), (dis_b, x_ab)):
        loss = loss + gan_w * sum(square(out, 1.0) for out in dis(fake))
    if vgg_w:
        loss = loss + vgg_w * (perceptual(features, x_ba, x_b) + perceptual(features, x_ab, x_a))
    return loss


def perceptual(features: Callable[[Tensor], Tensor], image: Tensor, target: Tensor) -> Tensor:
    """The mean squared difference of features after InstanceNorm, which removes much of the domain."""
    a, b = features(image), features(target)
    norm = instance_norm(a.shape[1])
    return F.mse_loss(norm(a), norm(b))


# ----------------------------------------------------------------------------------------- U-GAT-IT

Critics = Sequence[nn.Module]  # one domain's, the global one and the local one


def ugatit_disc_loss(
    gen_ab: nn.Module,
    gen_ba: nn.Module,
    critics_a: Critics,
    critics_b: Critics,
    real_a: Tensor,
    real_b: Tensor,
    adv: float = 1.0,
) -> Tensor:
    """All four critics; real → 1 and fake → 0, of the map and of the CAM's logits."""
    with torch.no_grad():
        fake_b, fake_a = gen_ab(real_a)[0], gen_ba(real_b)[0]
    loss = real_a.new_zeros(())
    for critics, real, fake in ((critics_a, real_a, fake_a), (critics_b, real_b, fake_b)):
        for critic in critics:
            loss = loss + sum(square(out, 1.0) for out in critic(real)[:2])
            loss = loss + sum(square(out, 0.0) for out in critic(fake)[:2])
    return adv * loss


def ugatit_gen_loss(
    gen_ab: nn.Module,
    gen_ba: nn.Module,
    critics_a: Critics,
    critics_b: Critics,
    real_a: Tensor,
    real_b: Tensor,
    adv: float = 1.0,
    cycle: float = 10.0,
    identity: float = 10.0,
    cam: float = 1000.0,
) -> Tensor:
    """Both generators; a generator's CAM tells the other domain's images (1) from its own output's domain (0)."""
    fake_b, cam_ab, _ = gen_ab(real_a)
    fake_a, cam_ba, _ = gen_ba(real_b)
    back_a, back_b = gen_ba(fake_b)[0], gen_ab(fake_a)[0]
    same_a, cam_aa, _ = gen_ba(real_a)
    same_b, cam_bb, _ = gen_ab(real_b)

    loss = cycle * (F.l1_loss(back_a, real_a) + F.l1_loss(back_b, real_b))
    loss = loss + identity * (F.l1_loss(same_a, real_a) + F.l1_loss(same_b, real_b))
    loss = loss + cam * (bce(cam_ba, 1.0) + bce(cam_aa, 0.0) + bce(cam_ab, 1.0) + bce(cam_bb, 0.0))
    for critics, fake in ((critics_a, fake_a), (critics_b, fake_b)):
        for critic in critics:
            loss = loss + adv * sum(square(out, 1.0) for out in critic(fake)[:2])
    return loss
