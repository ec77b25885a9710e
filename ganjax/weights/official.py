"""The names that the official PyTorch code gives to the layers of our networks (``layouts.Names``).

PyTorch counts layers without parameters too, which is where the numbers come from.
"""

from __future__ import annotations

import re

import numpy as np

from ganjax.weights.layouts import Arrays, Names


def residual_generator(blocks: int, root: str = "model", block: str = "conv_block", second: int = 5) -> Names:
    """CycleGAN's: pytorch-CycleGAN-and-pix2pix; the decks' notebook has root ``main`` and block ``res``. ``second`` is the
    place of a block's second convolution, one later where dropout is between."""
    names: Names = {("Conv_0",): f"{root}.1", ("Conv_1",): f"{root}.4", ("Conv_2",): f"{root}.7"}
    for i in range(blocks):
        for own, place in (("Conv_0", 1), ("Conv_1", second)):
            names[f"Block_{i}", own] = f"{root}.{10 + i}.{block}.{place}"
    ends = {("ConvTranspose_0",): 10, ("ConvTranspose_1",): 13, ("Conv_3",): 17}
    return names | {path: f"{root}.{place + blocks}" for path, place in ends.items()}


def unet(depth: int, batch_norm: bool) -> Names:
    """pix2pix's, nested once for each halving: pytorch-CycleGAN-and-pix2pix."""
    names: Names = {}
    inside = ["model.model" + ".1.model" * bool(i) + ".3.model" * (i - 1) for i in range(depth)]
    for i, prefix in enumerate(inside):
        innermost, place = i == depth - 1, depth - 1 - i
        names[(f"Conv_{i}",)] = f"{prefix}.{1 if i else 0}"
        names[(f"ConvTranspose_{place}",)] = f"{prefix}.{3 if innermost or not i else 5}"
        if batch_norm and i:
            names[(f"BatchNorm_{depth - 2 + place}",)] = f"{prefix}.{4 if innermost else 6}"
        if batch_norm and i and not innermost:
            names[(f"BatchNorm_{i - 1}",)] = f"{prefix}.2"
    return names


def patch_critic(layers: int, batch_norm: bool, root: str = "model") -> Names:
    """PatchGAN: pytorch-CycleGAN-and-pix2pix, whose critic of pixels (no layers) has another root, ``net``."""
    if not layers:
        pixels: Names = {("Conv_0",): "net.0", ("Conv_1",): "net.2", ("Conv_2",): "net.5"}
        return pixels | ({("BatchNorm_0",): "net.3"} if batch_norm else {})
    names: Names = {(f"Conv_{i}",): f"{root}.{max(3 * i - 1, 0)}" for i in range(layers + 2)}
    return names | {(f"BatchNorm_{i}",): f"{root}.{3 * i + 3}" for i in range(layers * batch_norm)}


def dcgan_generator(doublings: int) -> Names:
    """The DCGAN of PyTorch's examples, and of its tutorial."""
    names: Names = {(f"ConvTranspose_{i}",): f"main.{3 * i}" for i in range(doublings + 1)}
    return names | {(f"BatchNorm_{i}",): f"main.{3 * i + 1}" for i in range(doublings)}


def dcgan_critic(halvings: int) -> Names:
    """The DCGAN of PyTorch's examples, and of its tutorial."""
    names: Names = {(f"Conv_{i}",): f"main.{max(3 * i - 1, 0)}" for i in range(halvings + 1)}
    return names | {(f"BatchNorm_{i}",): f"main.{3 * i + 3}" for i in range(halvings - 1)}


# ------------------------------------------------------------------------------------------------- between many domains


def star_generator(blocks: int) -> Names:
    """StarGAN's: yunjey/stargan."""
    names: Names = {}
    for i in range(3):
        names |= {(f"Conv_{i}",): f"main.{3 * i}", (f"InstanceNorm_{i}",): f"main.{3 * i + 1}"}
    for i in range(blocks):
        for j, place in enumerate((0, 3)):
            names[f"Block_{i}", f"Conv_{j}"] = f"main.{9 + i}.main.{place}"
            names[f"Block_{i}", f"InstanceNorm_{j}"] = f"main.{9 + i}.main.{place + 1}"
    for i in range(2):
        place = 9 + blocks + 3 * i
        names |= {(f"ConvTranspose_{i}",): f"main.{place}", (f"InstanceNorm_{3 + i}",): f"main.{place + 1}"}
    return names | {("Conv_3",): f"main.{15 + blocks}"}


def star_critic(layers: int) -> Names:
    """StarGAN's: yunjey/stargan."""
    names: Names = {(f"Conv_{i}",): f"main.{2 * i}" for i in range(layers)}
    return names | {(f"Conv_{layers}",): "conv1", (f"Conv_{layers + 1}",): "conv2"}


def munit_content(halvings: int, blocks: int, root: str) -> Names:
    """The content encoder of NVlabs/MUNIT, of UNIT there the encoder."""
    names: Names = {(f"Conv_{i}",): f"{root}.model.{i}.conv" for i in range(halvings + 1)}
    return names | _munit_blocks(blocks, f"{root}.model.{halvings + 1}")


def munit_style(halvings: int) -> Names:
    """The style encoder of NVlabs/MUNIT."""
    names: Names = {(f"Conv_{i}",): f"enc_style.model.{i}.conv" for i in range(halvings + 1)}
    return names | {("Dense_0",): (f"enc_style.model.{halvings + 2}", "Pixel")}


def munit_decoder(halvings: int, blocks: int, styled: bool = True) -> Names:
    """The decoder of NVlabs/MUNIT with its MLP, of UNIT there without."""
    names = _munit_blocks(blocks, "dec.model.0")
    for i in range(halvings):
        names[(f"Conv_{i}",)] = f"dec.model.{2 * i + 2}.conv"
        names[(f"LayerNorm_{i}",)] = f"dec.model.{2 * i + 2}.norm"
    names[(f"Conv_{halvings}",)] = f"dec.model.{2 * halvings + 1}.conv"
    return names | ({(f"Dense_{i}",): f"mlp.model.{i}.fc" for i in range(3)} if styled else {})


def _munit_blocks(blocks: int, root: str) -> Names:
    return {(f"Block_{i}", f"Conv_{j}"): f"{root}.model.{i}.model.{j}.conv" for i in range(blocks) for j in range(2)}


def munit_critic(layers: int, scales: int) -> Names:
    """The critics of NVlabs/MUNIT."""
    names: Names = {}
    for scale in range(scales):
        first = scale * (layers + 1)
        names |= {(f"Conv_{first + i}",): f"cnns.{scale}.{i}.conv" for i in range(layers)}
        names[(f"Conv_{first + layers}",)] = f"cnns.{scale}.{layers}"
    return names


def ugatit_generator(blocks: int, light: bool) -> Names:
    """U-GAT-IT's: znxlwm/UGATIT-pytorch."""
    names: Names = {(f"Conv_{i}",): f"DownBlock.{place}" for i, place in enumerate((1, 5, 9))}
    for i in range(blocks):
        for j, place in enumerate((1, 5)):
            names[f"Residual_{i}", f"Conv_{j}"] = f"DownBlock.{12 + i}.conv_block.{place}"
            names[f"Residual_{blocks + i}", f"Conv_{j}"] = f"UpBlock1_{i + 1}.conv{j + 1}"
            names[f"Residual_{blocks + i}", f"LIN_{j}"] = f"UpBlock1_{i + 1}.norm{j + 1}"
    names |= _attention() | {("Dense_0",): ("FC.0", "Dense" if light else "Flat"), ("Dense_1",): "FC.2"}
    names |= {("Dense_2",): "gamma", ("Dense_3",): "beta"}
    for i in range(2):
        names |= {(f"Conv_{3 + i}",): f"UpBlock2.{5 * i + 2}", (f"LIN_{i}",): f"UpBlock2.{5 * i + 3}"}
    return names | {("Conv_5",): "UpBlock2.11"}


def ugatit_critic(layers: int) -> Names:
    """U-GAT-IT's: znxlwm/UGATIT-pytorch."""
    names: Names = {(f"Conv_{i}",): f"model.{3 * i + 1}" for i in range(layers - 1)}
    return names | _attention() | {(f"Conv_{layers - 1}",): "conv"}


def _attention() -> Names:
    judges: Names = {("Attention_0", f"Judge_{i}"): name for i, name in enumerate(("gap_fc", "gmp_fc"))}
    return judges | {("Attention_0", "Conv_0"): "conv1x1"}


# ---------------------------------------------------------------------------------------- statistics that nothing reads


def with_star_statistics(arrays: Arrays) -> Arrays:
    """StarGAN's norms count running statistics, which its test does not use: those of no batch."""
    norms = [key.removesuffix(".bias") for key, x in arrays.items() if key.endswith(".bias")]
    return _counted(arrays, {norm: len(arrays[f"{norm}.bias"]) for norm in norms}) | {
        f"{norm}.num_batches_tracked": np.zeros((), np.int64) for norm in norms
    }


def with_munit_statistics(arrays: Arrays) -> Arrays:
    """MUNIT's AdaIN hold running statistics, which nothing reads: those of no batch."""
    found = {key: re.fullmatch(r"(dec\.model\.0\.model\.\d+\.model\.\d+)\.conv\.bias", key) for key in arrays}
    return _counted(arrays, {f"{match[1]}.norm": len(arrays[key]) for key, match in found.items() if match})


def _counted(arrays: Arrays, norms: dict[str, int]) -> Arrays:
    means = {f"{norm}.running_mean": np.zeros(n, np.float32) for norm, n in norms.items()}
    return arrays | means | {f"{norm}.running_var": np.ones(n, np.float32) for norm, n in norms.items()}
