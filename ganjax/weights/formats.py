"""Somebody's code as formats of weights: which networks its files hold, under which names, and which config they stand for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from ganjax.core import Players
from ganjax.errors import UserError
from ganjax.weights import biggan, official, shapes
from ganjax.weights.layouts import Arrays, Names

Tree = Any


class Role(NamedTuple):
    """A network of a game, or several that their file holds as one: its slot, its name in it (None: it is the slot), what its
    file is called, and its names; ``inside``, what they have before them where a file holds several; ``complete``, what
    their code wants to find besides."""

    slot: str
    name: str | tuple[str, ...] | None
    file: str
    names: Callable[[Any], Names]
    inside: str = ""
    complete: Callable[[Arrays], Arrays] = dict

    def of(self, players: Players) -> Tree:
        """This network's part of something that both players have."""
        own = getattr(players, self.slot)
        if isinstance(self.name, tuple):
            return {name: own[name] for name in self.name}
        return own if self.name is None else own[self.name]

    def put(self, players: Players, value: Tree) -> Players:
        """The players with this network's part replaced."""
        below = value if isinstance(self.name, tuple) or self.name is None else {self.name: value}
        own = below if self.name is None else {**getattr(players, self.slot), **below}
        return players._replace(**{self.slot: own})

    def arrays(self, found: Arrays) -> Arrays:
        """Its part of a file."""
        start = f"{self.inside}." if self.inside else ""
        return {key.removeprefix(start): x for key, x in found.items() if key.startswith(start)}


class Format(NamedTuple):
    """Somebody's code: the config that its weights stand for, what their shapes say of it, its networks."""

    config: str
    shapes: Callable[[dict[str, Arrays]], dict[str, Any]]
    roles: tuple[Role, ...]


def _residual(**where: Any) -> Callable[[Any], Names]:
    return lambda config: official.residual_generator(config.generator.blocks, **where)


def _patches(root: str) -> Callable[[Any], Names]:
    return lambda config: official.patch_critic(config.critic.layers, bool(config.critic.get("batch_norm")), root)


def _munit_names(side: str, config: Any) -> Names:
    content, style = config.content, config.style
    return (
        _below(f"content_{side}", official.munit_content(content.halvings, content.blocks, "enc_content"))
        | _below(f"style_{side}", official.munit_style(style.halvings))
        | _below(f"generator_{side}", official.munit_decoder(config.generator.halvings, config.generator.blocks))
    )


def _unit_names(side: str, config: Any) -> Names:
    encoder, generator = config.encoder, config.generator
    return _below(f"encoder_{side}", official.munit_content(encoder.halvings, encoder.blocks, "enc")) | _below(
        f"generator_{side}", official.munit_decoder(generator.halvings, generator.blocks, styled=False)
    )


def _below(name: str, names: Names) -> Names:
    return {(name, *path): said for path, said in names.items()}


def _munit_critic(config: Any) -> Names:
    return official.munit_critic(config.critic.layers, config.critic.scales)


def _ugatit_critic(scale: str, config: Any) -> Names:
    return official.ugatit_critic(config[f"{scale}_critic"].layers)


def _ugatit_generator(config: Any) -> Names:
    if config.generator.norm.name != "nets.ugatit.adalin":
        raise UserError("the official U-GAT-IT has AdaLIN alone; this run's decoder has another norm")
    return official.ugatit_generator(config.generator.blocks, config.generator.light)


def _big(config: str) -> Format:
    roles = Role("gen", None, "G", biggan.generator), Role("disc", None, "D", biggan.critic)
    return Format(config, biggan.shapes, roles)


FORMATS = {
    "cyclegan": Format(
        "configs/cyclegan.py:horse2zebra",
        shapes.residual_shapes("model", "conv_block"),
        (  # its D_A judges the fakes of its G_A, which are of domain b
            Role("gen", "ab", "net_G_A", _residual()),
            Role("gen", "ba", "net_G_B", _residual()),
            Role("disc", "b", "net_D_A", _patches("model")),
            Role("disc", "a", "net_D_B", _patches("model")),
        ),
    ),
    "cyclegan_notebook": Format(
        "configs/cyclegan.py:deck",
        shapes.residual_shapes("main", "res"),
        (
            Role("gen", "ab", "netG_A2B", _residual(root="main", block="res")),
            Role("gen", "ba", "netG_B2A", _residual(root="main", block="res")),
            Role("disc", "a", "netD_A", _patches("main")),
            Role("disc", "b", "netD_B", _patches("main")),
        ),
    ),
    "pix2pix": Format(
        "configs/pix2pix.py:facades",
        shapes.unet_shapes,
        (
            Role(
                "gen",
                "ab",
                "net_G",
                lambda config: official.unet(config.generator.size.bit_length() - 1, config.generator.batch_norm),
            ),
            Role("disc", None, "net_D", _patches("model")),
        ),
    ),
    "stargan": Format(
        "configs/stargan.py:celeba",
        shapes.star_shapes,
        (
            Role(
                "gen",
                None,
                "-G",
                lambda config: official.star_generator(config.generator.blocks),
                complete=official.with_star_statistics,
            ),
            Role("disc", None, "-D", lambda config: official.star_critic(config.critic.layers)),
        ),
    ),
    "munit": Format(
        "configs/munit.py:official",
        shapes.munit_shapes(styled=True),
        (
            *(
                Role(
                    "gen",
                    tuple(f"{kind}_{side}" for kind in ("content", "style", "generator")),
                    "gen",
                    partial(_munit_names, side),
                    side,
                    official.with_munit_statistics,
                )
                for side in "ab"
            ),
            *(Role("disc", side, "dis", _munit_critic, side) for side in "ab"),
        ),
    ),
    "unit": Format(
        "configs/unit.py:munit_repo",
        shapes.munit_shapes(styled=False),
        (
            *(
                Role("gen", (f"encoder_{side}", f"generator_{side}"), "gen", partial(_unit_names, side), side)
                for side in "ab"
            ),
            *(Role("disc", side, "dis", _munit_critic, side) for side in "ab"),
        ),
    ),
    "ugatit": Format(
        "configs/ugatit.py:selfie2anime",
        shapes.ugatit_shapes,
        (
            Role("gen", "ab", "params", _ugatit_generator, "genA2B"),
            Role("gen", "ba", "params", _ugatit_generator, "genB2A"),
            *(
                Role(
                    "disc",
                    f"{scale}_{side}",
                    "params",
                    partial(_ugatit_critic, scale),
                    f"dis{scale[0].upper()}{side.upper()}",
                )
                for scale in ("global", "local")
                for side in "ab"
            ),
        ),
    ),
    "dcgan": Format(
        "configs/dcgan.py:celeba64",
        shapes.dcgan_shapes,
        (
            Role("gen", None, "netG", lambda config: official.dcgan_generator(config.generator.size.bit_length() - 3)),
            Role("disc", None, "netD", lambda config: official.dcgan_critic(config.critic.size.bit_length() - 3)),
        ),
    ),
    "biggan": _big("configs/biggan.py:128"),
    "biggan_tables": _big("configs/biggan.py:baseline256"),  # without a shared embedding, as SAGAN's
    "biggan_deep": Format(
        "configs/biggan_deep.py:128",
        biggan.deep_shapes,
        (Role("gen", None, "G", biggan.deep_generator), Role("disc", None, "D", biggan.deep_critic)),
    ),
}
