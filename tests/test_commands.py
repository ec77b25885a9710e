"""The verbs, from a workdir alone: what they write, what they print, how they refuse."""

import contextlib
import io
import json

import numpy as np
import pytest
import tiny
from PIL import Image
from tiny import call, refused

from ganjax import __main__ as verbs
from ganjax.config import load
from ganjax.data.avatars import PACK
from ganjax.nets.conv import library
from ganjax.train import train


@pytest.fixture(autouse=True)
def library_convolutions():
    with library():
        yield


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with library():
        train(tiny.config("dcgan", folder, steps=2), folder / "w")
    return folder / "w"


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plane")
    train(load("configs/gan.py:ring8", ["--config.train.steps=2", "--config.train.batch_size=8"]), folder)
    return folder


def sample(capsys, workdir, out, *options):
    answer = json.loads(call(capsys, "sample", f"--workdir={workdir}", f"--out={out}", "--json", *options))
    assert answer["out"] == str(out)
    return answer


def size(path):
    with Image.open(path) as image:
        return image.size


def images(capsys, workdir, tmp_path, *options):
    sample(capsys, workdir, tmp_path / "x.npz", *options)
    return np.load(tmp_path / "x.npz")["images"]


def test_sample_into_arrays(capsys, workdir, tmp_path):
    made = images(capsys, workdir, tmp_path, "--n=5")
    assert (made.shape, made.dtype) == ((5, 8, 8, 3), np.uint8)
    assert len({image.tobytes() for image in made}) == 5
    np.testing.assert_array_equal(made, images(capsys, workdir, tmp_path, "--n=5"))
    assert (made != images(capsys, workdir, tmp_path, "--n=5", "--seed=1")).any()


def test_a_workdir_is_all_that_sampling_needs(capsys, workdir, tmp_path):
    """The data may be gone, and the workdir elsewhere."""
    import shutil

    moved = tmp_path / "elsewhere"
    shutil.copytree(workdir, moved)
    config = json.loads((moved / "config.json").read_text())
    config["data"]["path"] = str(tmp_path / "gone.npz")
    (moved / "config.json").write_text(json.dumps(config))
    np.testing.assert_array_equal(images(capsys, moved, tmp_path, "--n=3"), images(capsys, workdir, tmp_path, "--n=3"))


def test_sample_into_pictures(capsys, workdir, tmp_path):
    assert sample(capsys, workdir, tmp_path / "x.png", "--n=6")["step"] == 2
    assert size(tmp_path / "x.png")[0] > 3 * 8
    sample(capsys, workdir, tmp_path / "x.gif", "--n=6", "--latent=slerp")
    with Image.open(tmp_path / "x.gif") as gif:
        assert gif.n_frames == 10
    sample(capsys, workdir, tmp_path / "single", "--n=3")
    assert sorted(p.name for p in (tmp_path / "single").iterdir()) == ["000000.png", "000001.png", "000002.png"]
    call(capsys, "sample", f"--workdir={workdir}")
    assert (workdir / "samples.png").exists()


def test_the_homeworks_latents(capsys, workdir, tmp_path):
    for latent in ("0", "1", "0.5", "0.3", "-1", "onehot:3", "set:50=10,51=10,base=1"):
        made = images(capsys, workdir, tmp_path, "--n=2", f"--latent={latent}")
        np.testing.assert_array_equal(made[0], made[1])
    for latent in ("sweep:0", "lerp", "slerp"):
        made = images(capsys, workdir, tmp_path, "--n=4", f"--latent={latent}")
        assert (made[0] != made[-1]).any()


@pytest.mark.ci
def test_points_of_the_plane(capsys, plane, tmp_path):
    sample(capsys, plane, tmp_path / "p.npz", "--n=300", "--run=2")
    points = np.load(tmp_path / "p.npz")["points"]
    assert (points.shape, points.dtype) == ((300, 2), np.float32)
    sample(capsys, plane, tmp_path / "q.npz", "--n=300", "--run=0")
    assert (points != np.load(tmp_path / "q.npz")["points"]).any()
    sample(capsys, plane, tmp_path / "p.png", "--n=300")
    assert size(tmp_path / "p.png") == (400, 400)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--latent=ones"], "use random, a number, onehot:I"),
        (["--latent=onehot:100"], "there are 0 to 99"),
        (["--latent=set:1=x"], "use random, a number"),
        (["--out=x.bmp"], "X.png is a sheet"),
        (["--step=7"], "no checkpoint of step 7; there are: 2"),
        (["--run=1"], "trained 1 seed, numbered from 0"),
        (["--n=0"], "must be at least 1"),
        (["--latent=nan"], "use random, a number"),
        (["--latent=onehot:²"], "is no coordinate"),
        (["--seed=99999999999999999999"], "must be from 0"),
        (["--n=x"], "invalid int value"),
        (["--colour=red"], "unrecognised: --colour=red"),
        (["--config.train.steps=4"], "unrecognised"),
        (["stray"], "unrecognised: stray"),
    ],
)
def test_sample_refuses(capsys, workdir, options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in refused(capsys, "sample", f"--workdir={workdir}", *options)
    assert list(tmp_path.iterdir()) == []


def test_a_workdir_that_is_none(capsys, tmp_path):
    assert "no run in" in refused(capsys, "sample", f"--workdir={tmp_path}/nothing")
    (tmp_path / "config.json").write_text("{")
    assert "not valid JSON" in refused(capsys, "sample", f"--workdir={tmp_path}")


def test_a_runs_config_is_data(capsys, workdir, tmp_path):
    """A name in config.json reaches our functions, optax and jax.nn, and nothing else."""
    config = json.loads((workdir / "config.json").read_text())
    config["generator"] = {"name": "os.system", "command": f"touch {tmp_path}/marker"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "data.json").write_text((workdir / "data.json").read_text())
    assert "not a function that a config may name" in refused(capsys, "sample", f"--workdir={tmp_path}")
    assert not (tmp_path / "marker").exists()


def test_inspect_tells_networks_and_cost(capsys):
    report = json.loads(
        call(capsys, "inspect", "--config=configs/wgan_gp.py:grid25", "--config.train.batch_size=8", "--json")
    )
    wide = 128
    gen, disc = (
        (2 * wide + wide) + 2 * (wide * wide + wide) + (2 * wide + 2),
        (2 * wide + wide) + 2 * (wide * wide + wide) + wide + 1,
    )
    assert report["params"] == {"gen": gen, "disc": disc}
    assert report["memory"]["argument"] > 4 * 3 * (gen + disc)
    assert [layer["output"] for layer in report["networks"][0]["layers"]] == [[8, 128]] * 3 + [[8, 2]]


def test_flops_of_a_matmul_a_convolution_and_a_loop():
    import jax
    import jax.numpy as jnp

    from ganjax.monitor.flops import count
    from ganjax.nets import conv

    x, w = jnp.zeros((8, 16)), jnp.zeros((16, 16))
    assert count(jax.make_jaxpr(jax.jit(lambda x: x @ w))(x)) == 2 * 8 * 16 * 16
    assert (
        count(jax.make_jaxpr(lambda x: jax.lax.scan(lambda c, _: (c @ w, None), x, None, 5)[0])(x))
        == 5 * 2 * 8 * 16 * 16
    )
    image, kernel = jnp.zeros((2, 8, 8, 3)), jnp.zeros((4, 4, 3, 5))
    forward = jax.make_jaxpr(lambda x: conv.library_conv(x, kernel, 2, (1, 1)))(image)
    assert count(forward) == 2 * (2 * 4 * 4 * 5) * (4 * 4 * 3)
    up = jax.make_jaxpr(lambda x: conv.library_adjoint(x, kernel.swapaxes(2, 3), 2, (1, 1), (16, 16)))(image)
    assert count(up) == 2 * (2 * 16 * 16 * 5) * (4 * 4 * 3) / 4


def test_inspect_needs_no_data(capsys):
    report = json.loads(
        call(capsys, "inspect", "--config=configs/wgan_gp.py:mnist", "--config.train.batch_size=8", "--json")
    )
    assert report["params"] == {"gen": 1_554_177, "disc": 1_030_145}
    assert report["micro_batches"] == 5


def test_inspect_costs_the_same_however_a_run_is_spread(capsys):
    lines = [
        "inspect",
        "--config=configs/wgan_gp.py:grid25",
        "--config.train.batch_size=8",
        "--config.train.num_seeds=1",
    ]
    jit, pmap = (call(capsys, *lines, f"--config.train.parallel={spread}") for spread in ("jit", "pmap"))
    assert jit == pmap


def test_inspect_for_people(capsys):
    shown = call(capsys, "inspect", "--config=configs/gan.py:ring8", "--config.train.batch_size=8")
    assert "mlp.Generator" in shown
    assert "GFLOP" in shown


UGATIT_D = {f"global_{side}": 53_130_176 for side in "ab"} | {f"local_{side}": 3_290_560 for side in "ab"}
PUBLISHED = {
    "gan": (114_064, 100_609),
    "gan:paper": (2_503_984, 1_231_441),
    "dcgan:celeba64": (3_576_704, 2_765_568),
    "dcgan:tutorial": (3_576_707, 2_765_568),
    "dcgan:128": (13_245_312, 11_164_544),
    "wgan:official": (3_576_704, 2_765_568),
    "wgan:decks": (13_245_312, 11_164_544),
    "wgan_gp:lsun64": (8_540_483, 7_491_841),
    "wgan_gp:cifar10": (1_204_483, 1_053_825),
    "wgan_gp:mnist": (1_554_177, 1_030_145),
    "lsgan:lsun112": (15_591_427, 4_333_441),
    "acgan:cifar10": (2_993_760, 1_663_867),
    "cyclegan:horse2zebra": ({"ab": 11_378_179, "ba": 11_378_179}, {"a": 2_764_737, "b": 2_764_737}),
    "pix2pix:facades": ({"ab": 54_413_955}, 2_768_705),
    "pix2pixhd:official": ({"ab": 182_546_755}, 5_603_202),
    "discogan:official": ({"ab": 5_513_856, "ba": 5_513_856}, {"a": 2_765_568, "b": 2_765_568}),
    "cogan:official": (7_842_694, 427_593),
    "unit:official": (
        {"decode": 1_180_160, "encode": 1_180_160}
        | {f"{kind}_{side}": n for kind, n in (("encoder", 3_918_976), ("generator", 3_909_507)) for side in "ab"},
        {"a": 25_149_057, "b": 25_149_057},
    ),
    "unit:munit_repo": (
        {f"{kind}_{side}": n for kind, n in (("encoder", 5_385_856), ("generator", 5_754_627)) for side in "ab"},
        {"a": 8_271_171, "b": 8_271_171},
    ),
    "munit:official": (
        {f"content_{side}": 5_385_856 for side in "ab"}
        | {f"generator_{side}": 5_754_627 + 1_120_768 for side in "ab"}
        | {f"style_{side}": 2_764_936 for side in "ab"},
        {"a": 8_271_171, "b": 8_271_171},
    ),
    "fader:celeba": ({"encoder": 6_985_568, "generator": 14_000_512 - 6_985_568}, 8_655_362),
    "stargan:celeba": (8_430_528, 44_762_048),
    "stargan:rafd": (8_439_936, 44_786_624),
    "ugatit:selfie2anime": ({"ab": 10_589_888, "ba": 10_589_888}, UGATIT_D),
    "ugatit:full": ({"ab": 278_959_808, "ba": 278_959_808}, UGATIT_D),
    "infogan:official": (6_652_481, 6_692_173),
    "sgan": (694_568, 1_541_020),
    "text_gan:official": (18_905_472, 4_030_080),
    "sngan:cifar10": (4_304_387, 1_053_824 + 10 * 128),
    "sngan:cifar10_plain": (4_276_739, 1_053_824),
    "sngan:imagenet128": (41_996_931, 30_041_857),
    "sagan:attention64": (42_017_412, 39_448_258),
    "biggan:64": (70_222_212, 45_511_970),
    "biggan:128": (70_433_988, 87_982_370),
    "biggan:256": (82_235_844, 99_225_890),
    "biggan:published": (70_433_988, 87_982_370),
    "biggan:cifar10": (4_304_387, 4_207_361),
    "biggan_deep:128": (50_244_484, 34_590_210),
    "biggan_deep:256": (55_736_708, 38_247_426),
}


@pytest.fixture(scope="module")
def all_counts():
    with contextlib.redirect_stdout(io.StringIO()) as out:
        verbs.main(["inspect", "--all", "--json"])
    return json.loads(out.getvalue())


@pytest.mark.ci
@pytest.mark.xdist_group("counts")
def test_1_parameter_counts_of_every_config_are_the_published_ones(all_counts):
    assert {name: tuple(all_counts[name]["params"].values()) for name in PUBLISHED} == PUBLISHED
    assert {name.split(":")[0] for name in all_counts} == {
        *("gan", "dcgan", "lsgan", "wgan", "wgan_gp"),
        *("cgan", "cdcgan", "acgan", "infogan", "sgan", "crafted", "consistency", "text_gan"),
        *("vae", "vae_gan", "pix2pix", "pix2pixhd", "cyclegan", "discogan"),
        *("cogan", "unit", "munit", "fader", "stargan", "ugatit"),
        *("sngan", "sagan", "biggan", "biggan_deep"),
    }
    assert all(entry["params"].keys() == {"gen", "disc"} for entry in all_counts.values())


@pytest.mark.ci
@pytest.mark.xdist_group("counts")
def test_1_the_rows_of_biggan_s_table_have_its_counts(all_counts):
    """Millions, both players, without the shared embedding, as table 1 counts (512 px: z of 128 would be 82,296,804)."""

    def millions(name, shared=0):
        return round((sum(all_counts[f"biggan:{name}"]["params"].values()) - shared) / 1e6, 3)

    assert [millions(f"baseline{batch}") for batch in (256, 512, 1024, 2048)] == [81.466] * 4
    assert millions("wide") == 173.539
    rows = [millions(name, 1000 * 128) for name in ("shared", "skip", "orthogonal", "narrow")]
    assert rows == [160.647, 158.288, 158.288, 71.299]


def test_inspect_refuses(capsys):
    assert "which config?" in refused(capsys, "inspect")
    assert "did you mean 'wgan_gp'" in refused(capsys, "inspect", "--config=configs/wgangp.py")
    assert 'Did you mean "steps"' in refused(capsys, "inspect", "--config=configs/gan.py", "--config.train.stps=1")


def test_data_lists_and_describes(capsys):
    assert {"avatars", "digits", "folder", "tfds", "grid25"} <= set(
        json.loads(call(capsys, "data", "--list", "--json"))
    )
    assert json.loads(call(capsys, "data", "avatars", "--json"))["size"] == 10_000
    assert sum(json.loads(call(capsys, "data", "avatars", "--attributes", "--json"))["hair"].values()) == 10_000
    assert "no attributes" in refused(capsys, "data", "grid25", "--attributes")
    assert "no data set 'avatar'" in refused(capsys, "data", "avatar")
    assert "the embedded pack itself" in refused(capsys, "data", "avatars", "--pack", f"--out={PACK}")


def test_a_verb_that_is_none(capsys):
    with pytest.raises(SystemExit) as stop:
        verbs.main(["smaple"])
    assert stop.value.code == 2


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A run of a system that is told labels."""
    folder = tmp_path_factory.mktemp("told")
    small = ["--config.generator.channels=2", "--config.generator.hidden=4", "--config.critic.channels=2"]
    steps = ["--config.critic.hidden=4", "--config.train.steps=2", "--config.train.batch_size=8"]
    with library():
        train(load("configs/cdcgan.py", [*small, *steps]), folder)
    return folder


@pytest.mark.ci
def test_samples_of_a_class(capsys, told, tmp_path):
    """One class by number; all of them in a row each, the same latents in every row."""
    seven = images(capsys, told, tmp_path, "--label=7", "--n=3")
    everything = images(capsys, told, tmp_path, "--label=all", "--n=3")
    assert everything.shape == (30, 28, 28, 1)
    np.testing.assert_array_equal(everything[21:24], seven)
    sample(capsys, told, tmp_path / "x.png", "--label=all", "--n=3")
    wide, high = size(tmp_path / "x.png")
    assert (wide, high) == (3 * 30 + 2, 10 * 30 + 2)  # ten rows of three, two pixels between


@pytest.mark.ci
@pytest.mark.parametrize(
    ("label", "message"),
    [("10", "--label=10: no such class; there are 0 to 9, and all"), ("red", "no such class"), ("-1", "no such class")],
)
def test_classes_that_are_not_there(capsys, told, label, message):
    assert message in refused(capsys, "sample", f"--workdir={told}", f"--label={label}")


@pytest.mark.ci
def test_nothing_lies_between_labels_that_are_whole_numbers(capsys, told):
    line = refused(capsys, "sample", f"--workdir={told}", "--interpolate=3,8")
    assert line == "ganjax: --interpolate=3,8: cdcgan takes classes as whole numbers, none lie between\n"


def test_a_system_without_labels(capsys, workdir):
    assert "dcgan draws without labels" in refused(capsys, "sample", f"--workdir={workdir}", "--label=1")


@pytest.fixture(scope="module")
def coded(tmp_path_factory):
    """A run of a system with codes."""
    folder = tmp_path_factory.mktemp("coded")
    sizes = [
        f"--config.{role}.{key}={n}" for role in ("generator", "critic") for key, n in (("channels", 2), ("hidden", 8))
    ]
    steps = ["--config.train.steps=1", "--config.train.batch_size=8", "--config.train.num_seeds=1"]
    with library():
        train(load("configs/infogan.py", [*sizes, *steps]), folder)
    return folder


@pytest.mark.ci
def test_samples_of_a_code(capsys, coded, tmp_path):
    """A category; all of them; a continuous code from −2 to 2 in each, all else as in the first sample."""
    third = images(capsys, coded, tmp_path, "--code=3", "--n=2")
    everything = images(capsys, coded, tmp_path, "--code=all", "--n=2")
    np.testing.assert_array_equal(everything[6:8], third)
    swept = images(capsys, coded, tmp_path, "--code=sweep:1", "--n=3")
    assert swept.shape == (30, 28, 28, 1)
    assert len(np.unique(swept[:3].reshape(3, -1), axis=0)) == 3
    assert "no such code; there are 0 to 9, and all" in refused(capsys, "sample", f"--workdir={coded}", "--code=10")
    assert "there are 0 to 1" in refused(capsys, "sample", f"--workdir={coded}", "--code=sweep:2")


def test_a_system_without_codes(capsys, workdir):
    assert "dcgan draws without codes" in refused(capsys, "sample", f"--workdir={workdir}", "--code=1")


@pytest.fixture(scope="module")
def coder(tmp_path_factory):
    """A run of a system with an encoder, with examples that it has not seen."""
    folder = tmp_path_factory.mktemp("coder")
    small = [f"--config.{role}.channels=2" for role in ("generator", "encoder")]
    steps = ["--config.train.steps=2", "--config.train.batch_size=8", "--config.data.held_out=20"]
    sizes = [f"--config.{role}.size=8" for role in ("generator", "encoder")]
    with library():
        train(
            load("configs/vae.py", [*tiny.overrides("none", folder, steps=2)[4:], *small, *sizes, *steps]), folder / "w"
        )
    return folder


@pytest.mark.ci
def test_images_drawn_again_stand_below_the_originals(capsys, coder, tmp_path):
    answer = sample(capsys, coder / "w", tmp_path / "x.png", "--reconstruct", "--n=5")
    assert (answer["n"], answer["reconstruct"]) == (5, True)
    assert size(tmp_path / "x.png")[0] % (5 * 10 + 2) == 0
    with Image.open(tmp_path / "x.png") as page:
        zoom = page.size[0] // (5 * 10 + 2)
        top = np.asarray(page)[::zoom, ::zoom][2:10, 2:10]
    held_out = {image.tobytes() for image in held_out_images(coder / "w")}
    assert top.tobytes() in held_out
    made = images(capsys, coder / "w", tmp_path, "--reconstruct", "--n=5")
    assert (made.shape, made.dtype) == ((5, 8, 8, 3), np.uint8)


def held_out_images(workdir):
    from ganjax.run import open_data
    from ganjax.workdir import reopen

    _, held_out = open_data(reopen(workdir)[0].config.data)
    return held_out.fetch(np.arange(held_out.size))["image"]


@pytest.mark.ci
def test_standing_statistics_of_a_slot_of_networks(coder):
    """Those of the generator are the mean of its batches; the encoder, which draws nothing, keeps its own."""
    import jax

    from ganjax.samples import generator_of, with_standing_statistics
    from ganjax.workdir import reopen

    run, _, state = reopen(coder / "w")
    (_, old), (_, new) = (
        generator_of(run, each) for each in (state, with_standing_statistics(run, state, batches=2, size=32))
    )
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(new))
    for name, changes in (("encoder", False), ("generator", True)):
        pairs = zip(jax.tree.leaves(old[name]), jax.tree.leaves(new[name]), strict=True)
        assert any(bool((a != b).any()) for a, b in pairs) == changes


def test_reconstruction_is_refused_without_an_encoder(capsys, workdir):
    message = refused(capsys, "sample", f"--workdir={workdir}", "--reconstruct")
    assert "dcgan has no encoder; vae and vae_gan do" in message


@pytest.fixture(scope="module")
def captioned(tmp_path_factory):
    """A run of a system that is told sentences."""
    small = [f"--config.{who}.{key}" for who in ("generator", "critic") for key in ("size=8", "channels=4")]
    steps = ["--config.data.image_size=8", "--config.train.steps=2", "--config.train.batch_size=8"]
    folder = tmp_path_factory.mktemp("captioned")
    with library():
        train(load("configs/text_gan.py", [*small, *steps]), folder)
    return folder


@pytest.mark.ci
def test_samples_of_a_sentence(capsys, captioned, tmp_path):
    """All of them of the sentence, which case and commas do not change; without one, of captions of the data."""
    red = images(capsys, captioned, tmp_path, "--text=a person with red hair and round glasses", "--n=3")
    assert red.shape == (3, 8, 8, 3)
    again = images(capsys, captioned, tmp_path, "--text=A person, with RED hair and round glasses!", "--n=3")
    np.testing.assert_array_equal(red, again)
    assert (red != images(capsys, captioned, tmp_path, "--text=blue hair", "--n=3")).any()
    assert (red != images(capsys, captioned, tmp_path, "--n=3")).any()


@pytest.mark.ci
def test_standing_statistics_of_a_sentence_are_those_of_the_datas_captions(capsys, captioned, tmp_path):
    standing = images(
        capsys, captioned, tmp_path, "--text=red hair", "--n=2", "--batch-norm=standing", "--truncation=1"
    )
    assert standing.shape == (2, 8, 8, 3)
    assert (standing != images(capsys, captioned, tmp_path, "--text=red hair", "--n=2", "--truncation=1")).any()


@pytest.mark.ci
def test_samples_of_embeddings(capsys, captioned, tmp_path):
    """A row for each; a sentence's own embedding is the sentence."""
    from ganjax.data.text import encode

    np.savez(tmp_path / "two.npz", text=encode(["blue hair", "green hair and dark skin"]).astype(np.float64))
    made = images(capsys, captioned, tmp_path, f"--text={tmp_path}/two.npz", "--n=3")
    assert made.shape == (6, 8, 8, 3)
    for i, sentence in enumerate(("blue hair", "green hair and dark skin")):
        alone = images(capsys, captioned, tmp_path, f"--text={sentence}", "--n=3").astype(int)
        np.testing.assert_allclose(made[3 * i : 3 * i + 3].astype(int), alone, atol=1)


@pytest.mark.ci
def test_words_that_no_caption_has(capsys, captioned, tmp_path):
    sample_ = ["sample", f"--workdir={captioned}", f"--out={tmp_path}/x.npz", "--n=1"]
    verbs.main([*sample_, "--text=a persom with turquoise hair"])
    warned = capsys.readouterr().err
    assert "no caption of the data has 'persom'; did you mean 'person'?" in warned
    assert "'turquoise'" in warned
    assert "'hair'" not in warned
    verbs.main([*sample_, "--text=red hair"])
    assert "no caption" not in capsys.readouterr().err


@pytest.mark.ci
def test_texts_that_are_none(capsys, captioned, workdir, tmp_path):
    np.savez(tmp_path / "narrow.npz", text=np.zeros((2, 5)))
    for given, message in (
        ("", "has no words"),
        (f"{tmp_path}/gone.npz", "there is no such file"),
        (f"{tmp_path}/narrow.npz", "text float64[2, 5]: needed is text float[k, 1024]"),
    ):
        assert message in refused(capsys, "sample", f"--workdir={captioned}", f"--text={given}")
    assert "dcgan draws without texts" in refused(capsys, "sample", f"--workdir={workdir}", "--text=red hair")
    both = refused(capsys, "sample", f"--workdir={captioned}", "--text=red hair", "--label=1")
    assert "not allowed with" in both


@pytest.mark.ci
def test_a_run_on_ones_own_embeddings_takes_no_sentences(capsys, captioned, tmp_path):
    """What is left of a run without the data's words, as if its source had been an .npz."""
    import shutil

    moved = tmp_path / "moved"
    shutil.copytree(captioned, moved)
    data = json.loads((moved / "data.json").read_text())
    (moved / "data.json").write_text(json.dumps({**data, "name": "npz", "info": {}}))
    assert "give --text=X.npz" in refused(capsys, "sample", f"--workdir={moved}", "--text=red hair")
    config = json.loads((moved / "config.json").read_text())
    config["data"] = {**config["data"], "name": "npz", "path": str(tmp_path / "gone.npz")}
    (moved / "config.json").write_text(json.dumps(config))
    assert "no file" in refused(capsys, "sample", f"--workdir={moved}")
