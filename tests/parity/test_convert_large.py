"""Official weights of BigGAN and BigGAN-deep: in, sampled from, and out again as the same state dicts."""

import jax
import numpy as np
import pytest
from tiny import call, refused

torch = pytest.importorskip("torch")

from experiments.pytorch import large as theirs  # noqa: E402
from experiments.pytorch import networks  # noqa: E402
from ganjax.nets.conv import library  # noqa: E402
from ganjax.samples import sampler  # noqa: E402
from ganjax.weights import files  # noqa: E402
from ganjax.workdir import reopen  # noqa: E402

pytestmark = [pytest.mark.parity, pytest.mark.xdist_group("convert_large")]
CLASSES = 5


@pytest.fixture(autouse=True)
def library_convolutions():
    torch.set_num_threads(1)
    with library():
        yield


def random(module):
    networks.randomise(module, 0)
    for name, value in module.state_dict().items():
        if name.endswith("stored_var"):
            value.copy_(value.abs() + 0.5)
        if name.endswith(".gamma") and not value.ndim:
            value.fill_(0.7)
    return module.eval()


MADE = {
    "biggan": lambda: (
        theirs.BigGenerator(32, 4, 12, CLASSES, 6, True, (16,)),
        theirs.BigDiscriminator(32, 4, CLASSES, (16,)),
    ),
    "biggan_tables": lambda: (
        theirs.BigGenerator(32, 4, 7, CLASSES, None, False, (16,)),
        theirs.BigDiscriminator(32, 4, CLASSES, (16,)),
    ),
    "biggan_deep": lambda: (
        theirs.DeepGenerator(64, 8, 5, CLASSES, 6, (32,)),
        theirs.DeepDiscriminator(64, 8, CLASSES, (32,)),
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_there_samples_as_theirs_and_back_is_the_same_state_dict(capsys, tmp_path, name):
    """G_ema.pth and D.pth in; 6 samples within a level of 255; out under the same keys, the same arrays."""
    modules = dict(zip(("G_ema", "D"), map(random, MADE[name]()), strict=True))
    for file, module in modules.items():
        torch.save(module.state_dict(), tmp_path / f"{file}.pth")
    weights = [f"--weights={tmp_path / file}.pth" for file in modules]
    call(capsys, "convert", f"--from={name}", *weights, f"--workdir={tmp_path / 'w'}")
    opened, _, state = reopen(tmp_path / "w")
    inputs = opened.game.gan.inputs(jax.random.key(1), 6)
    made = sampler(opened)(state, inputs)["image"]
    with torch.no_grad():
        z, label = (torch.from_numpy(np.array(inputs[key])) for key in ("z", "label"))
        expected = modules["G_ema"](z, label.long()).numpy().transpose(0, 2, 3, 1)
    np.testing.assert_allclose(made, expected, atol=2 / 255)
    call(capsys, "convert", f"--to={name}", f"--workdir={tmp_path / 'w'}", f"--out={tmp_path / 'out'}")
    for ours, module in (("G", modules["G_ema"]), ("D", modules["D"])):
        back = files.read(tmp_path / "out" / f"0_{ours}.safetensors")
        there = {key: x.numpy() for key, x in module.state_dict().items()}
        assert set(back) == set(there)
        for key, value in back.items():
            np.testing.assert_array_equal(value, there[key], err_msg=key)


def test_a_critic_for_a_generator_is_told(capsys, tmp_path):
    torch.save(random(MADE["biggan"]()[1]).state_dict(), tmp_path / "G.pth")
    said = refused(capsys, "convert", "--from=biggan", f"--weights={tmp_path / 'G.pth'}", f"--workdir={tmp_path / 'w'}")
    assert "G.pth as G: the arrays are not those of biggan" in said
    assert not (tmp_path / "w").exists()
