"""translate, export and the sheets of training: from a workdir alone, any size, both ways."""

import argparse
import json
from pathlib import Path

import jax
import jax.export
import numpy as np
import pytest
from PIL import Image
from tiny import call, refused

from ganjax import config as configs
from ganjax.commands.export import inputs_of
from ganjax.fitting import Fitting
from ganjax.nets.conv import library
from ganjax.run import initial_shapes, prepare
from ganjax.train import train
from ganjax.workdir import reopen

pytestmark = [pytest.mark.xdist_group("translate"), pytest.mark.ci]  # one process trains what they share
CONFIGS = Path(__file__).parent.parent / "configs"
TINY = {
    "cyclegan": ("generator.channels=2", "generator.blocks=1", "critic.channels=2", "critic.layers=1"),
    "pix2pix": ("generator.channels=2", "critic.channels=2", "critic.layers=1"),
    "discogan": ("generator.channels=2", "critic.channels=2", "data.name=avatar_pairs", "data.held_out=8"),
}


@pytest.fixture(autouse=True)
def library_convolutions():
    with library():
        yield


def trained(name, folder, *more):
    settings = [*TINY[name], "train.steps=2", "train.sample_every=2", "train.batch_size=4", *more]
    train(configs.load(f"configs/{name}.py", [f"--config.{each}" for each in settings]), folder)
    return folder


@pytest.fixture(scope="module")
def cyclegan(tmp_path_factory):
    with library():
        return trained("cyclegan", tmp_path_factory.mktemp("cyclegan"))


@pytest.fixture(scope="module")
def pix2pix(tmp_path_factory):
    with library():
        return trained("pix2pix", tmp_path_factory.mktemp("pix2pix"))


@pytest.fixture
def pictures(tmp_path):
    """Images of three sizes, one of them grey and of 16 bits, one twice under two endings, a broken one."""
    folder, rng = tmp_path / "pictures", np.random.default_rng(0)
    (folder / "below").mkdir(parents=True)
    for name, shape in (("a.png", (32, 32, 3)), ("a.jpg", (32, 32, 3)), ("below/wide.png", (45, 71, 3))):
        Image.fromarray(rng.integers(0, 255, shape, np.uint8)).save(folder / name)
    Image.fromarray(rng.integers(0, 65535, (33, 20), np.uint16)).save(folder / "grey.png")
    (folder / "broken.png").write_bytes(b"\x89PNG and nothing")
    return folder


def translate(capsys, workdir, pictures, out, *options):
    return json.loads(
        call(capsys, "translate", f"--workdir={workdir}", f"--input={pictures}", f"--output={out}", "--json", *options)
    )


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.png"))


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image, int)


def sizes(folder):
    return {name: pixels(folder / name).shape[1::-1] for name in files(folder)}


def test_training_writes_a_sheet_for_each_direction(cyclegan, pix2pix):
    """8 columns; inputs, translations, those translated back, and the truth, which held-out pairs have."""
    for way in ("ab", "ba"):
        page = pixels(cyclegan / f"samples/step_00000002_{way}.png")
        assert page.shape == (4 * (4 * 34 + 2), 4 * (8 * 34 + 2), 3)
    assert [path.name for path in (pix2pix / "samples").iterdir()] == ["step_00000002_ab.png"]


def test_images_of_any_size_come_back_as_large_as_they_were(capsys, cyclegan, pictures, tmp_path):
    answer = translate(capsys, cyclegan, pictures, tmp_path / "out", "--batch=2")
    assert answer["n"] == 4
    assert len(answer["skipped"]) == 1
    assert "broken.png" in answer["skipped"][0]
    assert sizes(tmp_path / "out") == {
        "a.jpg.png": (32, 32),
        "a.png.png": (32, 32),
        "below/wide.png": (71, 45),
        "grey.png": (20, 33),
    }


def test_there_and_back_and_side_by_side(capsys, cyclegan, pictures, tmp_path):
    answer = translate(capsys, cyclegan, pictures, tmp_path / "out", "--cycle", "--sheet", "--direction=ba")
    assert answer["direction"] == "ba"
    assert 0 < answer["cycle_error"] < 2
    made = sizes(tmp_path / "out")
    assert made["cycle/below/wide.png"] == (71, 45)
    assert made["sheets/below/wide.png"] == (3 * 71 + 8, 45 + 4)
    page = pixels(tmp_path / "out/sheets/below/wide.png")
    np.testing.assert_array_equal(page[2:47, 2:73], pixels(pictures / "below/wide.png"))  # the input comes first
    page = pixels(tmp_path / "out/sheets/a.png.png")
    np.testing.assert_array_equal(page[2:34, 36:68], pixels(tmp_path / "out/a.png.png"))


def test_a_batch_or_a_border_changes_nothing(capsys, cyclegan, pictures, tmp_path):
    """Instance norm sees each image alone; what was made of an image does not hang on how many come with it."""
    translate(capsys, cyclegan, pictures, tmp_path / "one", "--batch=1")
    translate(capsys, cyclegan, pictures, tmp_path / "many", "--batch=8")
    for name in files(tmp_path / "one"):
        assert np.abs(pixels(tmp_path / "one" / name) - pixels(tmp_path / "many" / name)).max() <= 1


def test_the_shorter_side_is_brought_to_a_size(capsys, cyclegan, pictures, tmp_path):
    translate(capsys, cyclegan, pictures, tmp_path / "out", "--size=16")
    assert sizes(tmp_path / "out")["below/wide.png"] == (25, 16)


def test_the_protocol_at_test_time_is_a_choice(capsys, pix2pix, pictures, tmp_path):
    """pix2pix: dropout on and BatchNorm by the image, as in the paper, unless it is said otherwise."""
    paper = translate(capsys, pix2pix, pictures, tmp_path / "paper")
    running = translate(capsys, pix2pix, pictures, tmp_path / "running", "--no-train-mode")
    alone = translate(capsys, pix2pix, pictures / "a.png", tmp_path / "alone")
    assert (paper["train_mode"], running["train_mode"], alone["n"]) == (True, False, 1)
    one, other = (pixels(tmp_path / name / "a.png.png") for name in ("paper", "running"))
    assert np.abs(one - other).max() > 1


def test_a_network_says_which_sizes_it_takes(cyclegan, pix2pix):
    """A U-Net goes down to one pixel: multiples of its size; CycleGAN's generator takes multiples of 4."""
    residual, unet = (Fitting(reopen(workdir)[0], "ab") for workdir in (cyclegan, pix2pix))
    assert (residual.unit, unet.unit) == (4, 32)
    assert residual.size(45, 70) == (48, 72)
    assert unet.size(33, 20) == (64, 32)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--direction=ba"], "pix2pix translates ab alone"),
        (["--cycle"], "pix2pix has no way back"),
        (["--batch=0"], "--batch=0 must be at least 1"),
        (["--size=0"], "--size=0 must be at least 1"),
        (["--step=7"], "no checkpoint of step 7"),
        (["--input=nowhere"], "there is no such file or folder"),
    ],
)
def test_translate_refuses(capsys, pix2pix, pictures, tmp_path, options, message):
    given = ["--input=" + str(pictures)] if not options[0].startswith("--input") else []
    out = tmp_path / "out"
    assert message in refused(capsys, "translate", f"--workdir={pix2pix}", f"--output={out}", *given, *options)
    assert not out.exists()


def test_inputs_are_never_written_over(capsys, cyclegan, pictures):
    for given in (pictures, pictures / "a.png"):
        line = refused(capsys, "translate", f"--workdir={cyclegan}", f"--input={given}", f"--output={pictures}")
        assert "holds the input" in line


def test_nothing_is_written_twice_or_over_an_input(capsys, cyclegan, pictures, tmp_path):
    def line(given, out, *more):
        return refused(capsys, "translate", f"--workdir={cyclegan}", f"--input={given}", f"--output={out}", *more)

    assert "lies in the input and holds images" in line(pictures, pictures / "below")
    (pictures / "cycle").mkdir()
    (pictures / "below/wide.png").rename(pictures / "cycle/grey.png")
    assert "cycle/grey.png would be written for" in line(pictures, tmp_path / "out", "--cycle")
    assert "is an input itself" in line(pictures / "cycle/grey.png", pictures, "--cycle")
    assert not (tmp_path / "out").exists()


def test_the_output_may_hold_the_input(capsys, cyclegan, pictures):
    assert translate(capsys, cyclegan, pictures / "below", pictures)["n"] == 1


def test_a_folder_that_cannot_be_read_is_told(capsys, cyclegan, tmp_path):
    (tmp_path / "x.png").write_bytes(b"no image")
    line = refused(capsys, "translate", f"--workdir={cyclegan}", f"--input={tmp_path}", f"--output={tmp_path / 'o'}")
    assert "none of 1 images could be read" in line
    (tmp_path / "empty").mkdir()
    empty = [f"--input={tmp_path / 'empty'}", f"--output={tmp_path / 'o'}"]
    assert "has no images" in refused(capsys, "translate", f"--workdir={cyclegan}", *empty)
    (tmp_path / "empty/link.png").symlink_to(tmp_path / "x.png")
    assert "links are not followed" in refused(capsys, "translate", f"--workdir={cyclegan}", *empty)


def test_sample_and_translate_point_to_each_other(capsys, cyclegan):
    assert "python -m ganjax translate" in refused(capsys, "sample", f"--workdir={cyclegan}")


def test_an_artifact_needs_jax_alone_and_takes_any_batch(capsys, cyclegan, tmp_path):
    from ganjax.samples import sampler

    path = tmp_path / "g.jaxexport"
    answer = json.loads(
        call(capsys, "export", f"--workdir={cyclegan}", f"--out={path}", "--direction=ba", "--platforms=cpu", "--json")
    )
    assert answer["reads"] == {"b": "float32[b, 32, 32, 3]"}
    assert json.loads(path.with_suffix(".json").read_text()) == answer
    generator = jax.export.deserialize(bytearray(path.read_bytes()))
    run, _, state = reopen(cyclegan)
    for n in (1, 3):
        x = np.random.default_rng(n).uniform(-1, 1, (n, 32, 32, 3)).astype(np.float32)
        expected = sampler(run)(state, {"b": x})["a"]
        np.testing.assert_allclose(generator.call({"b": x})["a"], expected, atol=2e-4)


SHORT = ("acgan", "gan")  # the others are of the rows that take longer


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(file.stem, marks=() if file.stem in SHORT else pytest.mark.ci)
        for file in sorted(CONFIGS.glob("[!_]*.py"))
    ],
)
def test_every_generator_makes_any_number_of_images(name):
    """What an artifact is made of: the first axis of shapes is a letter."""
    run = prepare(configs.load(f"configs/{name}.py", ["--config.train.num_seeds=1", "--config.train.batch_size=4"]))
    state = initial_shapes(run)
    inputs = inputs_of(argparse.Namespace(direction="ab", size=None), run)
    generate = run.game.gan.generate
    made = jax.eval_shape(
        lambda gen, vars, shown: generate(gen, vars, shown, jax.random.key(0))[0],
        state.params.gen,
        state.carry.vars.gen,
        inputs,
    )
    assert {str(x.shape[0]) for x in (*inputs.values(), *made.values())} == {"b"}


def test_export_refuses(capsys, pix2pix):
    assert "translates ab alone" in refused(capsys, "export", f"--workdir={pix2pix}", "--direction=ba")
    assert "there are cpu" in refused(capsys, "export", f"--workdir={pix2pix}", "--platforms=abacus")
    assert "HEIGHTxWIDTH" in refused(capsys, "export", f"--workdir={pix2pix}", "--size=64")


@pytest.mark.ci
def test_a_run_of_translation_resumes_to_the_bit(tmp_path):
    """Pool, fakes, both Adams and the schedule come back: 2 + 2 steps are 4."""
    steps = ("gan.pool.size=3", "train.save_every=2")
    trained("cyclegan", tmp_path / "whole", *steps, "train.steps=4")
    trained("cyclegan", tmp_path / "cut", *steps)
    trained("cyclegan", tmp_path / "cut", *steps, "train.steps=4")
    states = [reopen(tmp_path / name, 4)[2] for name in ("whole", "cut")]
    jax.tree.map(np.testing.assert_array_equal, *states)
    assert int(states[0].carry.memory["pool_a"]["count"]) == 3


@pytest.mark.ci
def test_discogan_trains_both_ways(tmp_path, capsys, pictures):
    workdir = trained("discogan", tmp_path / "w", "data.unpaired=True")
    assert {path.name[-6:-4] for path in (workdir / "samples").iterdir()} == {"ab", "ba"}
    assert translate(capsys, workdir, pictures, tmp_path / "out")["n"] == 4


@pytest.mark.ci
def test_maps_of_classes_are_painted(tmp_path, capsys):
    """pix2pixHD reads whole numbers from PNGs as they are; instances by name, or the connected pieces of the classes."""
    from ganjax.data import open_source

    settings = ["generator.channels=2", "generator.blocks=1", "critic.channels=2", "critic.layers=1", "train.steps=2"]
    more = ["train.sample_every=2", "train.batch_size=4", "data.held_out=100"]
    config = configs.load("configs/pix2pixhd.py", [f"--config.{each}" for each in (*settings, *more)])
    train(config, tmp_path / "w")
    example = open_source("avatar_parts").fetch(np.arange(2))
    for folder, maps in (("maps", example["a"]), ("instances", example["instance"])):
        (tmp_path / folder).mkdir()
        for i, each in enumerate(maps):
            Image.fromarray(each[..., 0].astype(np.uint8)).save(tmp_path / folder / f"{i}.png")
    for out, options in (("alone", []), ("told", [f"--instances={tmp_path / 'instances'}"])):
        assert translate(capsys, tmp_path / "w", tmp_path / "maps", tmp_path / out, *options)["n"] == 2
    assert sizes(tmp_path / "alone") == {"0.png": (32, 32), "1.png": (32, 32)}
    for i in range(2):  # the data's instances are those pieces
        np.testing.assert_array_equal(pixels(tmp_path / f"alone/{i}.png"), pixels(tmp_path / f"told/{i}.png"))
    Image.new("RGB", (32, 32)).save(tmp_path / "maps/photo.png")
    skipped = translate(capsys, tmp_path / "w", tmp_path / "maps", tmp_path / "o")["skipped"]
    assert "should be one whole number each" in skipped[0]


@pytest.mark.ci
def test_a_new_run_starts_from_another_ones_parameters(tmp_path, capsys):
    """pix2pixHD's schedule: G1 alone, then within the enhancer, where it rests at first; what does not fit begins anew."""
    settings = [
        "critic.channels=2",
        "critic.layers=1",
        "data.held_out=100",
        "train.batch_size=4",
        "train.sample_every=2",
    ]
    given = [f"--config.{each}" for each in (*settings, "train.steps=2")]
    alone = ["--config.generator.channels=4", "--config.generator.blocks=1"]
    train(configs.load("configs/pix2pixhd.py", [*given, *alone]), tmp_path / "alone")
    inner = ["generator.channels=2", "generator.blocks=1", "generator.inner_blocks=1", "optimizers.fixed_until=1"]
    around = [*given, *[f"--config.{each}" for each in inner], f"--config.train.start_from={tmp_path / 'alone'}"]
    train(configs.load("configs/pix2pixhd.py:enhanced", [*around, "--config.train.save_every=1"]), tmp_path / "around")
    assert "arrays are those of" in capsys.readouterr().err
    g1 = reopen(tmp_path / "alone")[2].params.gen["ab"]
    after = [reopen(tmp_path / "around", step)[2].params.gen["ab"] for step in (1, 2)]
    for name, tree in after[0]["inner"].items():
        jax.tree.map(np.testing.assert_array_equal, tree, g1[name])  # still at rest
    moved = jax.tree.leaves(jax.tree.map(lambda a, b: bool((a != b).any()), after[1]["inner"], after[0]["inner"]))
    assert any(moved)
    config = configs.load("configs/dcgan.py", [f"--config.train.start_from={tmp_path / 'alone'}"])
    from ganjax.errors import UserError

    with pytest.raises(UserError, match="no parameter there has a name and shape"):
        train(config, tmp_path / "other")


def test_the_documented_ten_lines_load_an_artifact(capsys, cyclegan, tmp_path, monkeypatch):
    import re
    from pathlib import Path

    text = (Path(__file__).parent.parent / "docs/translation.md").read_text()
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)
    call(capsys, "export", f"--workdir={cyclegan}", f"--out={tmp_path / 'generator.jaxexport'}", "--direction=ba")
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)).save("face.png")
    exec(code, {})
    assert pixels(tmp_path / "without.png").shape == (32, 32, 3)


@pytest.mark.ci
def test_translations_are_measured_beside_b(capsys, cyclegan, tmp_path):
    """As samples are: what becomes of the data's a, no more than there are, with a protocol that says so."""
    where = [f"--workdir={cyclegan}", "--metrics=kd_efflite0", "--real=120", "--json"]
    (result,) = json.loads(call(capsys, "evaluate", *where, "--n=100"))
    assert (result["protocol"]["n_fake"], result["protocol"]["n_real"]) == (100, 120)
    assert result["protocol"]["data"] == "avatar_pairs, a into b"
    run = reopen(cyclegan)[0]
    assert run.source.size == 900  # of 1,800 pairs that are not held out, a of one half and b of the other


@pytest.mark.ci
def test_grey_pictures_are_painted(capsys, pictures, tmp_path):
    """pix2pix:colours reads lightness out of any picture and writes colour; that lightness stays."""
    from ganjax.data.colours import exact_lab

    settings = [*TINY["pix2pix"], "generator.size=32", "data.image_size=36", "data.crop=32", "train.batch_size=4"]
    paths = [f"data.path={pictures / 'below'}", "train.epochs=4.0", "train.sample_every=2"]
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(pictures / "below/black.png")
    train(
        configs.load("configs/pix2pix.py:colours", [f"--config.{each}" for each in (*settings, *paths)]), tmp_path / "w"
    )
    assert translate(capsys, tmp_path / "w", pictures, tmp_path / "out")["n"] == 5
    painted, grey = pixels(tmp_path / "out/grey.png"), pixels(pictures / "grey.png") / 257
    assert painted.shape == (33, 20, 3)
    kept = (
        exact_lab(painted.astype(np.uint8))[..., 0]
        - exact_lab(np.repeat(grey[..., None], 3, -1).astype(np.uint8))[..., 0]
    )
    assert np.median(np.abs(kept)) < 1  # of 100; where a colour is beyond sRGB it is cut
