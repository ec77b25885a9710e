"""What may be asked of a translation besides its direction, of runs that have not been trained."""

import jax
import numpy as np
import pytest
from PIL import Image
from tiny import call, refused

from ganjax import config as configs
from ganjax.checkpoint import Checkpoints
from ganjax.commands import wishes
from ganjax.errors import UserError
from ganjax.fitting import Fitting
from ganjax.nets.conv import library
from ganjax.run import initial_state, prepare
from ganjax.workdir import claim

SMALL = {
    "munit": ("content.channels=2", "content.blocks=1", "style.channels=2", "critic.channels=2", "generator.blocks=1"),
    "stargan": ("generator.channels=2", "generator.blocks=1", "critic.channels=2"),
    "fader": ("encoder.channels=2", "generator.channels=2", "critic.width=4"),
    "ugatit": ("generator.channels=2", "generator.blocks=1", "global_critic.channels=2", "local_critic.channels=2"),
    "unit": (
        "encoder.channels=2",
        "encoder.blocks=1",
        "generator.channels=2",
        "generator.blocks=1",
        "critic.channels=2",
    ),
    "cogan": (
        "generator.channels=16",
        "generator.size=32",
        "generator.image_channels=3",
        "critic.hidden=4",
        "data.name=avatar_pairs",
        "data.image_size=32",
        "data.channels=3",
    ),
}


@pytest.fixture(autouse=True)
def library_convolutions():
    with library():
        yield


def untrained(tmp_path_factory, name, variant=""):
    """A run of the config at step 0; its averages are its first parameters."""
    workdir = tmp_path_factory.mktemp(name) / "w"
    with library():
        run = prepare(
            configs.load(
                f"configs/{name}.py{variant}", [f"--config.{each}" for each in (*SMALL[name], "train.batch_size=4")]
            )
        )
        claim(workdir, run)
        with Checkpoints(workdir) as checkpoints:
            checkpoints.save(0, initial_state(run))
    return workdir


@pytest.fixture(scope="module")
def munit(tmp_path_factory):
    return untrained(tmp_path_factory, "munit")


@pytest.fixture(scope="module")
def stargan(tmp_path_factory):
    return untrained(tmp_path_factory, "stargan")


@pytest.fixture(scope="module")
def fader(tmp_path_factory):
    return untrained(tmp_path_factory, "fader", ":glasses")


@pytest.fixture
def pictures(tmp_path):
    rng, folder = np.random.default_rng(0), tmp_path / "in"
    folder.mkdir()
    for name, shape in (("x", (32, 32, 3)), ("wide", (32, 44, 3))):
        Image.fromarray(rng.integers(0, 255, shape, np.uint8)).save(folder / f"{name}.png")
    return folder


def asked(capsys, workdir, pictures, out, *more):
    return call(capsys, "translate", f"--workdir={workdir}", f"--input={pictures}", f"--output={out}", *more)


def seen(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), int)


@pytest.mark.ci
def test_styles_differ_and_come_again(capsys, munit, pictures, tmp_path):
    for out in ("one", "two"):
        asked(capsys, munit, pictures, tmp_path / out, "--styles=3", "--sheet")
    asked(capsys, munit, pictures, tmp_path / "other", "--styles=3", "--seed=1")
    images = [seen(tmp_path / f"one/x_{i}.png") for i in range(3)]
    assert all((images[i] != images[j]).any() for i in range(3) for j in range(i))
    np.testing.assert_array_equal(seen(tmp_path / "two/x_1.png"), images[1])
    assert (seen(tmp_path / "other/x_1.png") != images[1]).any()
    assert seen(tmp_path / "one/wide_2.png").shape == (32, 44, 3)
    assert seen(tmp_path / "one/sheets/x.png").shape[1] >= 4 * 32


@pytest.mark.ci
def test_a_style_is_that_of_a_picture(capsys, munit, pictures, tmp_path):
    for name in ("x", "wide"):
        asked(capsys, munit, pictures / "x.png", tmp_path / name, f"--style-from={pictures / name}.png")
    assert (seen(tmp_path / "x/x.png") != seen(tmp_path / "wide/x.png")).any()
    nothing = f"--style-from={tmp_path / 'none.png'}"
    where = (f"--workdir={munit}", f"--input={pictures}", f"--output={tmp_path / 'o'}")
    assert "there is no such file" in refused(capsys, "translate", *where, nothing)
    assert "--styles=0 must be at least 1" in refused(capsys, "translate", *where, "--styles=0")
    assert "one at a time" in refused(capsys, "translate", *where, "--styles=2", nothing)
    assert "reads nothing of the kind" in refused(capsys, "translate", *where, "--to=blond")


@pytest.mark.ci
def test_attributes_are_set_and_the_others_are_as_d_sees_them(capsys, stargan, pictures, tmp_path):
    """Naming what D sees of the others changes nothing."""
    import jax.numpy as jnp

    from ganjax.workdir import reopen

    asked(capsys, stargan, pictures / "x.png", tmp_path / "a", "--to=blond")
    run, _, state = reopen(stargan)
    x = jnp.asarray(seen(pictures / "x.png")[None] / 127.5 - 1, jnp.float32)
    found = jax.jit(run.game.gan.recognise)(state.params.disc, state.carry.vars.disc, x)[0]
    attributes = run.source.info["attributes"]
    whole = f"--to=blond,{attributes['skin'][found[1]]},{attributes['glasses'][found[2]]}"
    asked(capsys, stargan, pictures / "x.png", tmp_path / "b", whole)
    np.testing.assert_array_equal(seen(tmp_path / "a/x.png"), seen(tmp_path / "b/x.png"))
    asked(capsys, stargan, pictures / "x.png", tmp_path / "c", whole.replace("blond", "blue"))
    assert (seen(tmp_path / "a/x.png") != seen(tmp_path / "c/x.png")).any()


def test_what_no_attribute_is_called(capsys, stargan, pictures, tmp_path):
    where = (f"--workdir={stargan}", f"--input={pictures}", f"--output={tmp_path / 'o'}")
    assert "say --to=VALUE,… (hair: brown, blond, red, green, blue; skin" in refused(capsys, "translate", *where)
    assert "no value 'blonde'; did you mean 'blond'" in refused(capsys, "translate", *where, "--to=blonde")
    assert "asks for two values of hair" in refused(capsys, "translate", *where, "--to=red,blue")
    assert "knows no values between" in refused(capsys, "translate", *where, "--attribute=glasses")


def test_a_slide_passes_through_what_can_be_named(capsys, fader, pictures, tmp_path):
    asked(capsys, fader, pictures / "x.png", tmp_path / "s", "--attribute=glasses", "--sweep=-1,1,3")
    for value, i in (("glasses", 2), ("no glasses", 1)):
        asked(capsys, fader, pictures / "x.png", tmp_path / value, f"--to={value}")
        np.testing.assert_array_equal(seen(tmp_path / value / "x.png"), seen(tmp_path / f"s/x_{i}.png"))
    assert (seen(tmp_path / "s/x_0.png") != seen(tmp_path / "s/x_1.png")).any()
    where = (f"--workdir={fader}", f"--input={pictures}", f"--output={tmp_path / 'o'}", "--attribute=glasses")
    assert "from, to and how many are needed" in refused(capsys, "translate", *where, "--sweep=1,2")


def test_a_slide_goes_through_the_values_of_an_attribute_in_turn():
    amounts = np.array([-1, 0, 0.25, 1, 1.5, 2, 3], np.float32)
    rows = wishes._from_value_to_value(amounts, 3)
    np.testing.assert_allclose(rows.sum(axis=1), 1)
    np.testing.assert_allclose(rows @ np.arange(3), amounts)
    np.testing.assert_allclose(rows[[1, 3, 5]], np.eye(3))
    np.testing.assert_allclose(rows[[0, 6]], [[2, -1, 0], [0, -1, 2]])
    np.testing.assert_allclose(
        wishes._along(np.float32([0, 0.5, 2]), 1, 3), [[0.5, 0, 0.5], [0.25, 0.5, 0.25], [-0.5, 2, -0.5]]
    )


@pytest.mark.ci
def test_heat_is_as_large_as_the_picture(capsys, tmp_path_factory, pictures, tmp_path):
    ugatit = untrained(tmp_path_factory, "ugatit")
    asked(capsys, ugatit, pictures, tmp_path / "o", "--heatmap", "--sheet", "--direction=ba")
    assert seen(tmp_path / "o/heat/wide.png").shape == (32, 44, 3)
    unit = untrained(tmp_path_factory, "unit")
    where = (f"--workdir={unit}", f"--input={pictures}", f"--output={tmp_path / 'p'}")
    assert "unit has no attention to show" in refused(capsys, "translate", *where, "--heatmap")


def test_a_flat_heat_map_is_cold():
    from ganjax.translations import heat_of

    image = np.full((8, 6, 3), -1, np.float32)
    assert not heat_of(np.ones((2, 2)), image, (1, 8, 8, 3)).any()


@pytest.mark.ci
def test_cogan_draws_pairs_side_by_side(capsys, tmp_path_factory, tmp_path):
    cogan = untrained(tmp_path_factory, "cogan")
    call(capsys, "sample", f"--workdir={cogan}", "--n=4", f"--out={tmp_path / 'x.npz'}")
    assert np.load(tmp_path / "x.npz")["images"].shape == (4, 32, 64, 3)


def test_a_sheet_shows_each_value_of_each_attribute_and_measures_take_those_of_the_next(stargan):
    """32 px, 8 faces side by side: the faces, then five colours of hair, two of skin, with and without glasses."""
    from ganjax import translations
    from ganjax.samples import sampler
    from ganjax.workdir import reopen

    run, _, state = reopen(stargan)
    opened = prepare(run.config)
    pages, made = translations.sheets(opened, sampler(opened), state, translations.examples(opened))
    assert (list(pages), pages[""].shape, made.shape) == ([""], (10 * 34 + 2, 8 * 34 + 2, 3), (8, 32, 32, 3))
    measured, count = translations.drawing_b(opened)
    attribute = opened.source.fetch(np.arange(1, 4))["attribute"]
    np.testing.assert_array_equal(measured.game.gan.inputs(jax.random.key(0), 3)["attribute"], attribute)
    assert (count, measured.source.name) == (9000, "avatar_attributes, attributes of the next")


def test_a_colour_of_hair_ends_the_others():
    """CelebA has an attribute for each; the order of those asked for and of all others stays."""
    names = ["Black_Hair", "Blond_Hair", "Male", "Brown_Hair"]
    assert wishes._without_other_hair({1: 1, 2: 0}, names) == {0: 0, 1: 1, 2: 0, 3: 0}
    assert wishes._without_other_hair({0: 1, 1: 1}, names) == {0: 1, 1: 1, 3: 0}
    assert wishes._without_other_hair({1: 0, 2: 1}, names) == {1: 0, 2: 1}


def test_several_data_sets_are_asked_one_at_a_time():
    """G saw attributes of one set in training: those of the other are unknown, whatever D sees."""
    import jax.numpy as jnp

    from ganjax.translations import of_one_set

    config = configs.load(
        "configs/stargan.py:partly", [f"--config.{each}" for each in (*SMALL["stargan"], "train.batch_size=4")]
    )
    run = prepare(config)
    state = initial_state(run)
    x = jnp.zeros((2, 32, 32, 3))
    for text, expected in (("glasses", [-1, 1]), ("blond", [1, -1])):
        found = wishes._shown(text, run, state, 0).inputs(x)["attribute"]
        np.testing.assert_array_equal(found, [expected] * 2)
    with pytest.raises(UserError, match="two data sets know: ask for one"):
        wishes._shown("blond,glasses", run, state, 0)
    np.testing.assert_array_equal(of_one_set(run, jnp.array([[3, 1]]), 0), [[3, -1]])


@pytest.mark.parametrize("sweep", ["nan,1,3", "0,inf,3", "0,1,0", "0,1", "a,1,2"])
def test_a_sweep_that_is_none(capsys, fader, pictures, tmp_path, sweep):
    where = (f"--workdir={fader}", f"--input={pictures}", f"--output={tmp_path / 'o'}")
    said = refused(capsys, "translate", *where, "--attribute=glasses", f"--sweep={sweep}")
    assert "from, to and how many are needed" in said


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("stargan", "data.attributes=hair,glasses", "the data have hair of 5, glasses of 2; set it"),
        ("fader", "gan.values=(2,)", "the data have hair of 5"),
        ("stargan:partly", "gan.sets=(0,)", "of 1 attributes who knows them, the data have 2"),
    ],
)
def test_attributes_that_the_data_do_not_have(name, change, said):
    base, _, variant = name.partition(":")
    spec = f"configs/{base}.py" + f":{variant}" * bool(variant)
    with pytest.raises(UserError, match=said):
        prepare(configs.load(spec, [f"--config.{each}" for each in (*SMALL[base], "train.batch_size=4", change)]))


@pytest.mark.ci
def test_layers_of_one_size_translate_that_size():
    """The full U-GAT-IT reads its maps through a dense layer: training's size alone."""
    changed = (*SMALL["ugatit"], "generator.light=False", "train.batch_size=4")
    run = prepare(configs.load("configs/ugatit.py", [f"--config.{each}" for each in changed]))
    fitting = Fitting(run, "ab")
    assert fitting.size(32, 32) == (32, 32)
    with pytest.raises(UserError, match="--size brings them to another"):
        fitting.size(33, 40)


def test_a_name_that_several_attributes_have():
    attributes = {"hair": ["none", "blond"], "hat": ["none", "cap", "crown"], "Smiling": ["0", "1"]}
    assert wishes._place("hat=none", attributes) == (1, 0)
    assert wishes._place("crown", attributes) == (1, 2)
    assert wishes._place("no Smiling", attributes) == (2, 0)
    with pytest.raises(UserError, match="several attributes have a value 'none'; say hair=none or hat=none"):
        wishes._place("none", attributes)
    with pytest.raises(UserError, match="no value 'Smilling'; did you mean 'Smiling'"):
        wishes._place("Smilling", attributes)


def test_a_sweep_goes_along_an_attribute(capsys, fader, pictures, tmp_path):
    where = (f"--workdir={fader}", f"--input={pictures}", f"--output={tmp_path / 'o'}")
    assert "say --attribute=NAME as well" in refused(capsys, "translate", *where, "--to=glasses", "--sweep=0,1,3")


@pytest.mark.ci
def test_no_attention_has_no_heat(capsys, tmp_path_factory, pictures, tmp_path):
    workdir = untrained(tmp_path_factory, "ugatit", ":no_cam")
    where = (f"--workdir={workdir}", f"--input={pictures}", f"--output={tmp_path / 'o'}")
    assert "no attention to show" in refused(capsys, "translate", *where, "--heatmap")


def test_labels_that_no_image_has_whole():
    """Two data sets of an attribute each, and no word of who knows what: 0 would stand for unknown as well."""
    changed = (*SMALL["stargan"], "train.batch_size=4", "gan.sets=()")
    with pytest.raises(UserError, match=r"config\.gan\.sets"):
        prepare(configs.load("configs/stargan.py:partly", [f"--config.{each}" for each in changed]))


def test_a_critic_with_other_outputs():
    changed = (*SMALL["stargan"], "train.batch_size=4", "critic.outputs=6")
    with pytest.raises(UserError, match="attributes of 5, 2, 2 values have 7 logits, not 6"):
        prepare(configs.load("configs/stargan.py", [f"--config.{each}" for each in changed]))


@pytest.mark.ci
def test_another_norm_has_no_official_names(capsys, tmp_path_factory, tmp_path):
    workdir = untrained(tmp_path_factory, "ugatit", ":instance")
    said = refused(capsys, "convert", "--to=ugatit", f"--workdir={workdir}", f"--out={tmp_path}")
    assert "AdaLIN alone" in said
