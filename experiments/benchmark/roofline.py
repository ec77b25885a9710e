"""``python -m experiments.benchmark.roofline``: an iteration's least time on accelerators, on paper.

Every matmul and convolution takes the longer of two times, its arithmetic at the peak in bfloat16 and its elements, two
bytes each, at the memory's speed; so does every reduction of a norm, which has no arithmetic. What is elementwise is
taken to be free, the optimiser reads and writes 28 bytes for each parameter. Nothing real is faster.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import jax

from experiments.benchmark.cases import CASES, Case
from experiments.benchmark.ganjax_side import build
from ganjax.monitor.flops import Operation, operations


class Chip(NamedTuple):
    """Peaks of the makers' data sheets: dense bfloat16, main memory."""

    flops_per_s: float
    bytes_per_s: float

    def seconds(self, each: Operation) -> float:
        """The longer of arithmetic and memory."""
        return each.times * max(each.flops / self.flops_per_s, 2 * each.elements / self.bytes_per_s)


CHIPS = {"H100 SXM": Chip(989e12, 3.35e12), "TPU v5e": Chip(197e12, 0.819e12)}
BIGGAN_PARAMETERS = 70_433_988, 87_982_370


def of_case(case: Case) -> Iterator[Operation]:
    """A benchmark's iteration, and its optimisers."""
    side = build(case)
    params = jax.eval_shape(side.init, jax.random.key(0)).params
    counts = [sum(math.prod(x.shape) for x in jax.tree.leaves(slot)) for slot in params]
    yield from operations(side.traced())
    yield from _updates(counts[0], counts[1], case.n_critic)


def of_biggan(batch: int, channels: int = 96, disc_steps: int = 2) -> Iterator[Operation]:
    """BigGAN at 128 px from its tables of widths (Brock et al. 2019, table 4): D moves twice, then G."""
    gen, disc = biggan_widths(channels)
    forward = {
        "gen": [
            *(layer for block in gen for layer in (*_block(*block, batch), _norms(*block, batch))),
            *_attention(2 * channels, batch),
            _convolution(batch, 128, 3, channels, 3),
        ],
        "disc": [*(layer for block in disc for layer in _block(*block, batch)), *_attention(channels, batch)],
    }
    passes = {
        "gen": disc_steps + 1 + 2,
        "disc": disc_steps * 2 * 3 + 2,
    }  # G: value and both gradients once; D: no kernels'
    for who, layers in forward.items():
        for each in layers:
            yield each._replace(times=passes[who])
    yield from _updates(*BIGGAN_PARAMETERS, disc_steps)


def biggan_widths(channels: int) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]:
    """(in, out, pixels) of the blocks of G and of D."""
    gen = [(16, 16), (16, 8), (8, 4), (4, 2), (2, 1)]
    disc = [(1, 2), (2, 4), (4, 8), (8, 16), (16, 16)]
    return (
        [(i * channels, o * channels, 8 * 2**n) for n, (i, o) in enumerate(gen)],
        [(3, channels, 128), *((i * channels, o * channels, 64 // 2**n) for n, (i, o) in enumerate(disc))],
    )


def _block(in_channels: int, out_channels: int, size: int, batch: int) -> Iterator[Operation]:
    yield _convolution(batch, size, 3, in_channels, out_channels)
    yield _convolution(batch, size, 3, out_channels, out_channels)
    if size != 4:  # D's last block keeps size and channels: no shortcut
        yield _convolution(batch, size, 1, in_channels, out_channels)


def _norms(in_channels: int, out_channels: int, size: int, batch: int) -> Operation:
    return Operation("norm", 1, 0.0, 2.0 * batch * size**2 * (in_channels + out_channels))


def _convolution(batch: int, size: int, kernel: int, in_channels: int, out_channels: int) -> Operation:
    weights, pixels = kernel**2 * in_channels * out_channels, batch * size**2
    return Operation("conv", 1, 2.0 * pixels * weights, pixels * (in_channels + out_channels) + weights)


def _attention(channels: int, batch: int, size: int = 64) -> Iterator[Operation]:
    n, m, narrow, wide = size**2, size**2 // 4, channels // 8, channels // 2
    for i, o in ((channels, narrow), (channels, narrow), (channels, wide), (wide, channels)):
        yield _convolution(batch, size, 1, i, o)
    for inner, outer in ((narrow, m), (m, wide)):
        yield Operation(
            "attention", 1, 2.0 * batch * n * inner * outer, batch * (n * inner + inner * outer + n * outer)
        )


def _updates(gen: int, disc: int, disc_steps: int) -> Iterator[Operation]:
    yield Operation("update", 1, 0.0, 14.0 * (gen + disc_steps * disc))


def main() -> None:
    """A line for each case and chip."""
    cases = {
        "CIFAR-10 WGAN-GP, batch 64": of_case(CASES["wgan_gp_resnet"]._replace(batch=64)),
        "CycleGAN-256, batch 1": of_case(CASES["cyclegan_64"]._replace(size=256, blocks=9)),
        "BigGAN-128, batch 256": of_biggan(256),
    }
    for name, work in cases.items():
        work = list(work)
        flops, elements = (sum(each.times * getattr(each, what) for each in work) for what in ("flops", "elements"))
        print(f"{name}: {flops / 1e12:.2f} TFLOP, {2 * elements / 1e9:.1f} GB")
        for chip, peaks in CHIPS.items():
            seconds = sum(map(peaks.seconds, work))
            share = flops / peaks.flops_per_s / seconds
            print(f"    {chip}: {1000 * seconds:.1f} ms, {share:.0%} of it at the peak of arithmetic")


if __name__ == "__main__":
    main()
