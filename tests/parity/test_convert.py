"""Weights of the official PyTorch code: in, used, trained on, and out again; nothing of a file is run."""

import json
import pickle

import jax
import numpy as np
import pytest
from PIL import Image
from tiny import call, refused

torch = pytest.importorskip("torch")

from experiments.pytorch import networks  # noqa: E402
from experiments.pytorch import translation as theirs  # noqa: E402
from ganjax.nets.conv import library  # noqa: E402
from ganjax.workdir import reopen  # noqa: E402

pytestmark = pytest.mark.parity


@pytest.fixture(autouse=True)
def library_convolutions():
    torch.set_num_threads(1)
    with library():
        yield


def saved(folder, modules):
    folder.mkdir(exist_ok=True)
    for i, (name, module) in enumerate(modules.items()):
        torch.save(networks.randomise(module, i).state_dict(), folder / name)
    return folder


def dcgan_of_the_examples(size=16, channels=4, latents=6, bias=False):
    """G and D with their keys main.0.weight, main.1.weight, …"""
    nn = torch.nn
    up = [nn.ConvTranspose2d(latents, 2 * channels, 4, 1, 0, bias=False), nn.BatchNorm2d(2 * channels), nn.ReLU()]
    up += [nn.ConvTranspose2d(2 * channels, channels, 4, 2, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]
    up += [nn.ConvTranspose2d(channels, 3, 4, 2, 1, bias=bias), nn.Tanh()]
    down = [nn.Conv2d(3, channels, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
    down += [nn.Conv2d(channels, 2 * channels, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * channels), nn.LeakyReLU(0.2)]
    down += [nn.Conv2d(2 * channels, 1, 4, 1, 0, bias=False), nn.Sigmoid()]
    named = [nn.Module(), nn.Module()]
    for module, layers in zip(named, (up, down), strict=True):
        module.main = nn.Sequential(*layers)
    return named


def resnet(**keywords):
    return theirs.ResnetGenerator(ngf=4, n_blocks=2, **keywords)


def patches(inputs=3, norm="instance"):
    return theirs.NLayerDiscriminator(inputs, ndf=4, n_layers=2, norm=norm)


def convert(capsys, name, weights, workdir, *more):
    given = [f"--weights={weights}"] if weights else []
    return json.loads(call(capsys, "convert", f"--from={name}", *given, f"--workdir={workdir}", "--json", *more))


def translated(capsys, workdir, folder, image, way="ab", *more):
    """What `translate` makes of one image, and the image, in [-1, 1] and PyTorch's layout."""
    folder.mkdir(exist_ok=True)
    Image.fromarray(image).save(folder / "x.png")
    where = [f"--workdir={workdir}", f"--input={folder / 'x.png'}", f"--output={folder / way}", f"--direction={way}"]
    call(capsys, "translate", *where, *more)
    with Image.open(folder / way / "x.png") as made:
        x = torch.tensor(image.transpose(2, 0, 1)[None] / 127.5 - 1, dtype=torch.float32)
        return np.asarray(made, int), x


def in_bytes(y):
    return np.round((y.detach().numpy()[0].transpose(1, 2, 0) + 1) * 127.5).astype(int)


def picture(size=64):
    return np.random.default_rng(0).integers(0, 255, (size, size, 3), np.uint8)


def test_cyclegans_weights_translate_and_train_on(capsys, tmp_path):
    """Both generators; its D_A judges what its G_A makes, which is domain b: the critics are exchanged."""
    modules = {
        "latest_net_G_A.pth": resnet(),
        "latest_net_G_B.pth": resnet(),
        "latest_net_D_A.pth": patches(),
        "latest_net_D_B.pth": patches(),
    }
    folder, workdir = saved(tmp_path / "theirs", modules), tmp_path / "w"
    answer = convert(capsys, "cyclegan", folder, workdir)
    assert set(answer["read"]) == {"net_G_A", "net_G_B", "net_D_A", "net_D_B"}
    assert answer["drawn anew"] == []
    for way, name in (("ab", "latest_net_G_A.pth"), ("ba", "latest_net_G_B.pth")):
        made, x = translated(capsys, workdir, tmp_path / "p", picture(), way)
        assert np.abs(made - in_bytes(modules[name](x))).max() <= 1
    from ganjax.workdir import reopen

    run, step, state = reopen(workdir)
    assert (step, run.config.generator.channels, run.config.generator.blocks, run.config.critic.layers) == (0, 4, 2, 2)
    ours = np.asarray(state.params.disc["b"]["Conv_0"]["bias"])
    np.testing.assert_array_equal(ours, modules["latest_net_D_A.pth"].state_dict()["model.0.bias"])
    trained_on(tmp_path, workdir, answer)


def trained_on(tmp_path, workdir, answer):
    """The command that convert tells, on a small folder, for two steps."""
    from ganjax import config as configs
    from ganjax.train import train
    from ganjax.workdir import reopen

    data = tmp_path / "data"
    for side in ("trainA", "trainB"):
        (data / side).mkdir(parents=True)
        for i in range(4):
            Image.fromarray(picture(40 + i)).save(data / side / f"{i}.png")
    spec, *overrides = answer["training goes on"].split("--config=")[1].split()
    kept = [each for each in overrides if not each.startswith("--workdir")]
    small = ["data.image_size=40", "data.crop=32", f"data.path={data}", "train.batch_size=4"]
    other = tmp_path / "again"
    from ganjax import __main__ as verbs

    given = [f"--weights={tmp_path / 'theirs'}", f"--workdir={other}", *kept, *[f"--config.{each}" for each in small]]
    verbs.main(["convert", "--from=cyclegan", *given])
    config = configs.load(spec, [*kept, *[f"--config.{each}" for each in small]])
    config.train.epochs, config.train.steps = None, 2
    train(config, other)
    assert reopen(other)[1] == 2


def test_one_generator_alone(capsys, tmp_path):
    """The published models are one file; what is not there is drawn anew, and said."""
    module = resnet()
    saved(tmp_path, {"horse2zebra.pth": module})
    answer = convert(capsys, "cyclegan", tmp_path / "horse2zebra.pth", tmp_path / "w")
    assert answer["drawn anew"] == ["net_G_B", "net_D_A", "net_D_B"]
    made, x = translated(capsys, tmp_path / "w", tmp_path / "p", picture())
    assert np.abs(made - in_bytes(module(x))).max() <= 1


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_pix2pixs_weights(capsys, tmp_path, norm):
    """BatchNorm by the image alone, as the official test does, or by running means."""
    G, D = theirs.UnetGenerator(num_downs=6, ngf=4, norm=norm), patches(6, norm)
    saved(tmp_path / "theirs", {"latest_net_G.pth": G, "latest_net_D.pth": D})
    convert(capsys, "pix2pix", tmp_path / "theirs", tmp_path / "w", "--config.generator.dropout=0.0")
    for mode, option in ((False, "--no-train-mode"), (True, "--train-mode")):  # in train mode theirs change
        made, x = translated(capsys, tmp_path / "w", tmp_path / "p", picture(), "ab", option)
        assert np.abs(made - in_bytes(G.train(mode)(x))).max() <= 1


def test_the_decks_notebook(capsys, tmp_path):
    """Keys main.* and res.*; its D_A judges domain a."""
    modules = {
        "netG_A2B_epoch_9.pth": theirs.NotebookGenerator(4, 2),
        "netG_B2A_epoch_9.pth": theirs.NotebookGenerator(4, 2),
        "netD_A_epoch_9.pth": theirs.NotebookDiscriminator(4),
        "netD_B_epoch_9.pth": theirs.NotebookDiscriminator(4),
    }
    folder = saved(tmp_path / "theirs", modules)
    convert(capsys, "cyclegan_notebook", folder, tmp_path / "w")
    for way, name in (("ab", "netG_A2B_epoch_9.pth"), ("ba", "netG_B2A_epoch_9.pth")):
        made, x = translated(capsys, tmp_path / "w", tmp_path / "p", picture(), way)
        assert np.abs(made - in_bytes(modules[name](x))).max() <= 1
    from ganjax.workdir import reopen

    state = reopen(tmp_path / "w")[2]
    first = modules["netD_A_epoch_9.pth"].state_dict()["main.0.bias"]
    np.testing.assert_array_equal(np.asarray(state.params.disc["a"]["Conv_0"]["bias"]), first)


def test_dcgan_of_pytorchs_examples(capsys, tmp_path):
    G, D = dcgan_of_the_examples()
    folder = saved(tmp_path / "theirs", {"netG_epoch_24.pth": G, "netD_epoch_24.pth": D})
    convert(capsys, "dcgan", folder, tmp_path / "w")
    call(capsys, "sample", f"--workdir={tmp_path / 'w'}", "--n=3", "--latent=0.5", f"--out={tmp_path / 'x.npz'}")
    made = np.load(tmp_path / "x.npz")["images"].astype(int)
    expected = in_bytes(G.eval().main(torch.full((3, 6, 1, 1), 0.5)))
    assert np.abs(made[0] - expected).max() <= 1


@pytest.mark.parametrize("name", ["cyclegan", "pix2pix", "dcgan"])
def test_there_and_back_is_the_same_state_dict(capsys, tmp_path, name):
    """Out under the official names, which PyTorch loads without a key missing or left over."""
    from safetensors.torch import load_file

    modules = {
        "cyclegan": {"latest_net_G_A.pth": resnet(), "latest_net_D_A.pth": patches()},
        "pix2pix": {
            "latest_net_G.pth": theirs.UnetGenerator(num_downs=6, ngf=4),
            "latest_net_D.pth": patches(6, "batch"),
        },
        "dcgan": dict(zip(("netG.pth", "netD.pth"), dcgan_of_the_examples(), strict=True)),
    }[name]
    folder, workdir = saved(tmp_path / "theirs", modules), tmp_path / "w"
    convert(capsys, name, folder, workdir)
    out = json.loads(
        call(capsys, "convert", f"--to={name}", f"--workdir={workdir}", f"--out={tmp_path / 'o'}", "--json")
    )
    for file, module in modules.items():
        role = file.removeprefix("latest_").removesuffix(".pth")
        arrays, expected = load_file(out["written"][role]), module.state_dict()
        module.load_state_dict(arrays)
        for key, x in expected.items():
            torch.testing.assert_close(arrays[key], x) if x.ndim else None


def test_what_does_not_fit_is_listed_and_nothing_is_written(capsys, tmp_path):
    state = networks.randomise(resnet(), 0).state_dict()
    wrong = {**state, "model.4.weight": torch.zeros(9, 4, 3, 3), "model.99.weight": torch.zeros(1)}
    del wrong["model.7.bias"]
    torch.save(wrong, tmp_path / "latest_net_G.pth")
    line = refused(capsys, "convert", "--from=cyclegan", f"--weights={tmp_path}", f"--workdir={tmp_path / 'w'}")
    for said in ("model.4.weight is (9, 4, 3, 3)", "model.7.bias is missing", "model.99.weight is left over"):
        assert said in line
    assert not (tmp_path / "w").exists()


def test_old_statistics_of_instance_norm_are_left_alone(capsys, tmp_path):
    state = networks.randomise(resnet(), 0).state_dict()
    states = []
    for name, more in (("w", {}), ("old", {"model.2.running_mean": torch.ones(4)})):
        torch.save({**state, **more}, tmp_path / "latest_net_G.pth")
        convert(capsys, "cyclegan", tmp_path, tmp_path / name)
        states.append(reopen(tmp_path / name)[2])
    jax.tree.map(np.testing.assert_array_equal, states[0].params, states[1].params)


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_file_that_would_run_something_runs_nothing(capsys, tmp_path):
    (tmp_path / "latest_net_G.pth").write_bytes(pickle.dumps({"model.1.weight": Trap(tmp_path / "marker")}))
    line = refused(capsys, "convert", "--from=cyclegan", f"--weights={tmp_path}", f"--workdir={tmp_path / 'w'}")
    assert "cannot be read as weights" in line
    assert not (tmp_path / "marker").exists()


def test_convert_refuses(capsys, tmp_path):
    saved(tmp_path / "theirs", {"latest_net_G.pth": resnet()})
    given = [f"--weights={tmp_path / 'theirs'}"]
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_text("mine")
    new = f"--workdir={tmp_path / 'w'}"
    assert "is not empty" in refused(capsys, "convert", "--from=cyclegan", *given, f"--workdir={tmp_path / 'full'}")
    assert "did you mean 'cyclegan'" in refused(capsys, "convert", "--from=cylegan", *given, new)
    assert "which weights?" in refused(capsys, "convert", "--from=cyclegan", new)
    assert "holds none of" in refused(capsys, "convert", "--from=cyclegan", f"--weights={tmp_path / 'full'}", new)
    assert "--to needs --out" in refused(capsys, "convert", "--to=cyclegan", new)
