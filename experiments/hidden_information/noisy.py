"""configs/cyclegan.py whose translations pass through noise, σ = 0.1, before the way back; outlines where no variant is named.

python -m ganjax.main --config=experiments/hidden_information/noisy.py
"""

from ml_collections import ConfigDict

from ganjax.config import call, load


def get_config(variant: str = "") -> ConfigDict:
    config = load(f"configs/cyclegan.py:{variant or 'outlines'}")
    with config.unlocked():
        config.gan.channel = call("augment.instance_noise", std=0.1)
    return config
