"""What the shapes of official arrays say of the networks that they belong to: keys of a config, with values.

Each function takes {"slot.network": arrays} of the files that were found, and says what it can.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ganjax.weights.layouts import Arrays


def residual_shapes(root: str, block: str) -> Callable[[dict[str, Arrays]], dict[str, Any]]:
    """channels and blocks of CycleGAN's generators, channels and layers of its critics."""

    def shapes(found: dict[str, Arrays]) -> dict[str, Any]:
        gen, disc = _first(found, "gen"), _first(found, "disc")
        said: dict[str, Any] = {}
        if gen and f"{root}.1.weight" in gen:
            blocks = {key.split(".")[1] for key in gen if f".{block}." in key}
            said |= {"generator.channels": len(gen[f"{root}.1.weight"]), "generator.blocks": len(blocks)}
        return said | _critic_shapes(disc, root)

    return shapes


def unet_shapes(found: dict[str, Arrays]) -> dict[str, Any]:
    """size, channels and norm of pix2pix's networks."""
    gen, disc = _first(found, "gen"), _first(found, "disc")
    said: dict[str, Any] = {}
    if gen and "model.model.0.weight" in gen:
        depth = sum(x.ndim == 4 for x in gen.values()) // 2
        normed = any(key.endswith("running_mean") and len(gen.get(key, ())) for key in gen) and (
            "model.model.1.model.2.weight" in gen
        )
        said = {"generator.size": 2**depth, "generator.channels": len(gen["model.model.0.weight"])}
        said |= {"generator.batch_norm": normed, "generator.image_channels": gen["model.model.3.weight"].shape[1]}
    if disc:
        said |= _critic_shapes(disc, "model") | {
            "critic.batch_norm": "model.3.weight" in disc or "net.3.weight" in disc
        }
    return said


def dcgan_shapes(found: dict[str, Arrays]) -> dict[str, Any]:
    """size, channels and latents of DCGAN's networks."""
    gen, disc = _first(found, "gen"), _first(found, "disc")
    said: dict[str, Any] = {}
    if gen and "main.0.weight" in gen:
        places = sorted(int(key.split(".")[1]) for key, x in gen.items() if x.ndim == 4)
        kernels = [gen[f"main.{place}.weight"] for place in places]
        size = 4 * 2 ** (len(kernels) - 1)
        said = {"generator.size": size, "generator.channels": len(kernels[-1]), "gan.latent_dim": len(kernels[0])}
        said |= {"generator.image_channels": kernels[-1].shape[1], "data.channels": kernels[-1].shape[1]}
        said |= {"data.image_size": size, "critic.size": size}
        said |= {"generator.last_bias": f"main.{3 * len(kernels) - 3}.bias" in gen}
    if disc and "main.0.weight" in disc:
        said |= {"critic.channels": len(disc["main.0.weight"])}
    return said


def _critic_shapes(disc: Arrays | None, root: str) -> dict[str, Any]:
    if disc and "net.0.weight" in disc:
        return {"critic.channels": len(disc["net.0.weight"]), "critic.layers": 0}
    if disc and f"{root}.0.weight" in disc:
        kernels = sum(x.ndim == 4 for x in disc.values())
        return {"critic.channels": len(disc[f"{root}.0.weight"]), "critic.layers": kernels - 2}
    return {}


def star_shapes(found: dict[str, Arrays]) -> dict[str, Any]:
    """Widths of StarGAN's networks, how many attributes of two values they know, and the size of its images."""
    gen, disc = _first(found, "gen"), _first(found, "disc")
    said: dict[str, Any] = {}
    if gen and "main.0.weight" in gen:
        channels, inputs = gen["main.0.weight"].shape[:2]
        if inputs < 4:
            raise ValueError(f"the generator's first layer reads {inputs} channels, an image and no attribute")
        blocks = {key.split(".")[1] for key in gen if ".main." in key}
        said |= {"generator.channels": channels, "generator.blocks": len(blocks), "gan.values": (2,) * (inputs - 3)}
        said |= {"critic.outputs": inputs - 3}
    if disc and "conv2.weight" in disc:
        outputs, kernel = disc["conv2.weight"].shape[0], disc["conv2.weight"].shape[-1]
        layers = sum(key.startswith("main.") and key.endswith("weight") for key in disc)
        said |= {"critic.channels": len(disc["main.0.weight"]), "critic.layers": layers, "critic.outputs": outputs}
        said |= {"gan.values": (2,) * outputs, "data.image_size": kernel * 2**layers}
    return said


def munit_shapes(styled: bool) -> Callable[[dict[str, Arrays]], dict[str, Any]]:
    """Widths of the networks in MUNIT's code, of UNIT's there."""

    def shapes(found: dict[str, Arrays]) -> dict[str, Any]:
        gen, disc = _first(found, "gen"), _first(found, "disc")
        said: dict[str, Any] = {}
        root, encoder = ("enc_content", "content") if styled else ("enc", "encoder")
        if gen and f"{root}.model.0.conv.weight" in gen:
            convs = sorted(key for key in gen if re.fullmatch(rf"{root}\.model\.\d+\.conv\.weight", key))
            blocks = {key.split(".")[4] for key in gen if key.startswith(f"{root}.model.{len(convs)}.model.")}
            said |= {f"{encoder}.channels": len(gen[convs[0]]), f"{encoder}.halvings": len(convs) - 1}
            said |= {f"{encoder}.blocks": len(blocks), "generator.blocks": len(blocks)}
            said |= {"generator.halvings": len(convs) - 1}
        if styled and gen and "mlp.model.0.fc.weight" in gen:
            hidden, style = gen["mlp.model.0.fc.weight"].shape
            own = sorted(key for key in gen if re.fullmatch(r"enc_style\.model\.\d+\.conv\.weight", key))
            said |= {"generator.hidden": hidden, "gan.style_dim": style, "style.style_dim": style}
            said |= {"style.channels": len(gen[own[0]]), "style.halvings": len(own) - 1}
        if disc and "cnns.0.0.conv.weight" in disc:
            scales = {key.split(".")[1] for key in disc}
            said |= {"critic.channels": len(disc["cnns.0.0.conv.weight"]), "critic.scales": len(scales)}
            said |= {"critic.layers": sum(key.startswith("cnns.0.") and ".conv.weight" in key for key in disc)}
        return said

    return shapes


def ugatit_shapes(found: dict[str, Arrays]) -> dict[str, Any]:
    """Widths of U-GAT-IT's networks, and whether they are the light ones; of the full ones the size of images."""
    said: dict[str, Any] = {}
    gen, critics = found.get("gen.ab"), {name: found.get(f"disc.{name}_a") for name in ("global", "local")}
    if gen and "DownBlock.1.weight" in gen:
        channels, blocks = len(gen["DownBlock.1.weight"]), sum(".norm1.rho" in key for key in gen)
        wide, inputs = gen["FC.0.weight"].shape
        said |= {"generator.channels": channels, "generator.blocks": blocks, "generator.light": wide == inputs}
        said |= {} if wide == inputs else {"data.crop": 4 * round((inputs / wide) ** 0.5)}
    for name, disc in critics.items():
        if disc and "model.1.weight_orig" in disc:
            convs = sum(key.startswith("model.") and key.endswith("weight_orig") for key in disc)
            said |= {f"{name}_critic.channels": len(disc["model.1.weight_orig"]), f"{name}_critic.layers": convs + 1}
    return said


def _first(found: dict[str, Arrays], slot: str) -> Arrays | None:
    return next((arrays for role, arrays in found.items() if role.startswith(slot)), None)
