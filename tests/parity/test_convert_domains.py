"""Official weights of StarGAN, MUNIT, UNIT and U-GAT-IT: in, used, and out again as the same state dicts."""

import numpy as np
import pytest
from test_convert import convert, in_bytes, picture, translated
from tiny import call, refused

torch = pytest.importorskip("torch")

from experiments.pytorch import domains as theirs  # noqa: E402
from experiments.pytorch import networks  # noqa: E402
from ganjax.nets.conv import library  # noqa: E402

pytestmark = pytest.mark.parity


@pytest.fixture(autouse=True)
def library_convolutions():
    torch.set_num_threads(1)
    with library():
        yield


def random(module, seed):
    networks.randomise(module, seed)
    for name, value in module.state_dict().items():
        if name.endswith("rho"):
            value.copy_(value.abs().clamp(0, 1))
    return module


def members(**modules):
    """A file of several: {name: state dict}."""
    return {name: module.state_dict() for name, module in modules.items()}


def munit(style=True):
    gens = [random(theirs.AdaINGen(4, 3, 5, 1) if style else theirs.VAEGen(4, 1), i) for i in range(2)]
    discs = [random(theirs.MsImageDis(4, 2, 2), 2 + i) for i in range(2)]
    return {
        "gen_00010000.pt": dict(zip("ab", gens, strict=True)),
        "dis_00010000.pt": dict(zip("ab", discs, strict=True)),
    }


def ugatit():
    generators = {
        name: random(theirs.UgatitGenerator(3, 4, 1, 32, light=True), i) for i, name in enumerate(("genA2B", "genB2A"))
    }
    critics = {
        f"dis{scale}{side}": random(theirs.UgatitDiscriminator(layers, 4), 5)
        for scale, layers in (("G", 5), ("L", 4))
        for side in "AB"
    }
    return {"selfie2anime_params_latest.pt": {**generators, **critics}}


def stargan():
    return {
        "200000-G.ckpt": random(theirs.StarGenerator(4, 3, 1), 0),
        "200000-D.ckpt": random(theirs.StarDiscriminator(32, 4, 3, 3), 1),
    }


def saved(folder, contents):
    folder.mkdir(exist_ok=True)
    for name, module in contents.items():
        whole = members(**module) if isinstance(module, dict) else module.state_dict()
        torch.save(whole, folder / name)
    return folder


def flat(content):
    if not isinstance(content, dict):
        return content.state_dict()
    return {f"{name}.{key}": x for name, module in content.items() for key, x in module.state_dict().items()}


MADE = {"stargan": stargan, "munit": munit, "unit": lambda: munit(style=False), "ugatit": ugatit}
UNUSED = ("running_mean", "running_var", "num_batches_tracked")  # of norms that see each image alone


@pytest.mark.parametrize("name", MADE)
def test_there_and_back_is_the_same_state_dict(capsys, tmp_path, name):
    from safetensors.numpy import load_file

    contents = MADE[name]()
    answer = convert(capsys, name, saved(tmp_path / "theirs", contents), tmp_path / "w")
    assert answer["drawn anew"] == []
    call(capsys, "convert", f"--to={name}", f"--workdir={tmp_path / 'w'}", f"--out={tmp_path / 'out'}")
    for file, content in contents.items():
        (written,) = [path for path in (tmp_path / "out").iterdir() if path.stem.rpartition("_")[2] in file]
        back, expected = load_file(written), flat(content)
        assert set(back) == set(expected)
        for key, x in expected.items():
            if not key.endswith(UNUSED):
                np.testing.assert_array_equal(back[key], x.numpy(), err_msg=key)


def test_stargan_translates_as_theirs(capsys, tmp_path):
    contents = stargan()
    convert(capsys, "stargan", saved(tmp_path / "theirs", contents), tmp_path / "w")
    made, x = translated(
        capsys, tmp_path / "w", tmp_path / "p", picture(32), "ab", "--to=attribute0,no attribute1,attribute2"
    )
    expected = contents["200000-G.ckpt"](x, torch.tensor([[1.0, 0.0, 1.0]]))
    assert np.abs(made - in_bytes(expected)).max() <= 1


def test_ugatit_translates_as_theirs(capsys, tmp_path):
    contents = ugatit()
    convert(capsys, "ugatit", saved(tmp_path / "theirs", contents), tmp_path / "w")
    for way, name in (("ab", "genA2B"), ("ba", "genB2A")):
        made, x = translated(capsys, tmp_path / "w", tmp_path / "p", picture(32), way)
        expected = contents["selfie2anime_params_latest.pt"][name](x)[0]
        assert np.abs(made - in_bytes(expected)).max() <= 1


def test_munit_translates_as_theirs(capsys, tmp_path):
    """In the style of a picture: content of a, style of b."""
    from PIL import Image

    contents = munit()
    convert(capsys, "munit", saved(tmp_path / "theirs", contents), tmp_path / "w", "--config.data.crop=32")
    other = np.ascontiguousarray(picture(32)[::-1])
    Image.fromarray(other).save(tmp_path / "style.png")
    made, x = translated(
        capsys, tmp_path / "w", tmp_path / "p", picture(32), "ab", f"--style-from={tmp_path / 'style.png'}"
    )
    a, b = (contents["gen_00010000.pt"][side] for side in "ab")
    y = torch.tensor(other.transpose(2, 0, 1)[None] / 127.5 - 1, dtype=torch.float32)
    assert np.abs(made - in_bytes(b.decode(a.encode(x)[0], b.encode(y)[1]))).max() <= 1


def test_unit_translates_as_theirs(capsys, tmp_path):
    contents = munit(style=False)
    convert(capsys, "unit", saved(tmp_path / "theirs", contents), tmp_path / "w")
    made, x = translated(capsys, tmp_path / "w", tmp_path / "p", picture(32), "ba")
    a, b = (contents["gen_00010000.pt"][side] for side in "ab")
    assert np.abs(made - in_bytes(a.decode(b.encode(x)))).max() <= 1


@pytest.mark.parametrize("name", ["munit", "unit", "ugatit"])
def test_files_of_something_else_are_refused(capsys, tmp_path, name):
    """Nothing in them bears a network's name: nothing is drawn anew in silence, nothing is written."""
    contents = (
        {"gen_1.pt": random(theirs.StarGenerator(4, 3, 1), 0)}
        if name != "ugatit"
        else {"params_1.pt": random(theirs.StarGenerator(4, 3, 1), 0)}
    )
    weights = saved(tmp_path / "theirs", contents)
    said = refused(capsys, "convert", f"--from={name}", f"--weights={weights}", f"--workdir={tmp_path / 'w'}")
    assert "arrays are left over, such as main.0.weight" in said
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("stargan", "main.0.weight"),
        ("munit", "enc_style.model.0.conv.weight"),
        ("unit", "dec.model.2.conv.weight"),
        ("ugatit", "FC.0.weight"),
    ],
)
def test_an_array_that_is_missing_or_of_another_rank_is_told(capsys, tmp_path, name, key):
    for case in ("missing", "flat"):
        contents = {}
        for file, content in MADE[name]().items():
            whole = members(**content) if isinstance(content, dict) else content.state_dict()
            for part in whole.values() if isinstance(content, dict) else [whole]:
                if key in part and case == "missing":
                    del part[key]
                elif key in part:
                    part[key] = part[key].flatten()
            contents[file] = whole
        folder = tmp_path / case
        folder.mkdir()
        for file, whole in contents.items():
            torch.save(whole, folder / file)
        said = refused(capsys, "convert", f"--from={name}", f"--weights={folder}", f"--workdir={tmp_path / 'w'}")
        assert key in said or f"are not those of {name}" in said
        assert not (tmp_path / "w").exists()


def test_files_of_two_players_exchanged(capsys, tmp_path):
    g, d = stargan().values()
    weights = saved(tmp_path / "theirs", {"1-G.ckpt": d, "1-D.ckpt": g})
    said = refused(capsys, "convert", "--from=stargan", f"--weights={weights}", f"--workdir={tmp_path / 'w'}")
    assert "1-G.ckpt" in said


def test_a_generator_alone_sees_no_attributes(capsys, tmp_path):
    """A critic that was never read has no say in what the others are."""
    weights = saved(tmp_path / "theirs", {"1-G.ckpt": stargan()["200000-G.ckpt"]})
    made = call(
        capsys, "convert", "--from=stargan", f"--weights={weights}", f"--workdir={tmp_path / 'w'}",
        "--config.critic.channels=4",
    )  # fmt: skip
    assert "-D" in made
    translated(capsys, tmp_path / "w", tmp_path / "p", picture(32), "ab", "--to=attribute0,no attribute1,attribute2")
    where = (f"--workdir={tmp_path / 'w'}", f"--input={tmp_path / 'p'}", f"--output={tmp_path / 'o'}")
    assert "were not converted" in refused(capsys, "translate", *where, "--to=attribute0")


@pytest.mark.parametrize("name", ["stargan", "munit", "unit"])
def test_what_went_out_comes_in(capsys, tmp_path, name):
    """Under the names it was given, whatever the order of keys in the file."""
    convert(capsys, name, saved(tmp_path / "theirs", MADE[name]()), tmp_path / "w")
    call(capsys, "convert", f"--to={name}", f"--workdir={tmp_path / 'w'}", f"--out={tmp_path / 'out'}")
    for i in range(3):
        assert convert(capsys, name, tmp_path / "out", tmp_path / f"again{i}")["drawn anew"] == []
