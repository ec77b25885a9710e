"""Files from anywhere: each is refused in one line, before memory is full, and nothing in them is run."""

import gzip
import json
import struct
import tarfile
import zipfile

import numpy as np
import pytest
import tiny
from PIL import Image

from ganjax import untrusted
from ganjax.best import read_best
from ganjax.commands import report
from ganjax.data import files, folder
from ganjax.errors import UserError
from ganjax.monitor import curves
from ganjax.monitor.log import Log
from ganjax.protocol import read as read_measurement
from ganjax.run import prepare
from ganjax.train import train
from ganjax.weights.files import read as read_weights
from ganjax.workdir import claim, described, reopen

DEEP = "[" * 10**5


def refusal(call, *arguments):
    with pytest.raises(UserError) as refused:
        call(*arguments)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "reader"),
    [
        ("config.json", lambda path: described(path.parent)),
        ("best.json", lambda path: read_best(path.parent)),
        ("measurement.json", read_measurement),
    ],
)
@pytest.mark.parametrize("content", [DEEP.encode(), b"\xff\xfe", b"", b"null", b'{"step": "../.."}', b'{"step": 1}'])
def test_json_that_is_none(tmp_path, name, reader, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert str(tmp_path) in refusal(reader, path)


def test_json_that_nests_as_nobody_means():
    assert untrusted.json_of("[[1]]") == [[1]]
    with pytest.raises(ValueError, match="too deep"):
        untrusted.json_of(DEEP)


def test_a_log_that_a_disk_spoilt(tmp_path):
    whole = [json.dumps({"step": step, "watch/loss_train": 1.0 / step}).encode() for step in (1, 2, 3)]
    odd = [b"\xff\xfe\x00", DEEP.encode(), b"null", b'{"step": "x"}', b'{"step": 2, "watch/loss_train": [1]}']
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(b"\n".join([whole[0], *odd, whole[1], whole[2], whole[0][:7]]))
    Log(tmp_path, 2).close()
    assert path.read_bytes().splitlines() == [whole[0], odd[-1], whole[1]]
    curves.draw(path, tmp_path / "watch.png")
    with Image.open(tmp_path / "watch.png") as picture:
        assert min(picture.size) > 100


def started(tmp_path):
    run = prepare(tiny.config("gan", tmp_path))
    claim(tmp_path / "run", run)
    (tmp_path / "run" / "checkpoints" / "1").mkdir(parents=True)
    return run, tmp_path / "run"


@pytest.mark.parametrize("content", ["[]", "{}", '{"size": 3}', '{"size": 40, "info": 3}', "3"])
def test_the_data_json_of_a_run_that_goes_on(tmp_path, content):
    run, workdir = started(tmp_path)
    (workdir / "data.json").write_text(content)
    assert "data" in refusal(claim, workdir, run)
    assert (workdir / "data.json").read_text() == content


def test_networks_that_no_longer_fit(tmp_path):
    _, workdir = started(tmp_path)
    config = json.loads((workdir / "config.json").read_text())
    config["generator"]["hidden"] = "wide"
    (workdir / "config.json").write_text(json.dumps(config))
    assert "config.json" in refusal(reopen, workdir, 0)
    told = report.alone(workdir)["runs"][0]  # the page shows what there is
    assert any("networks cannot be built" in line for line in told["warnings"])


def test_a_layer_that_no_machine_holds(tmp_path):
    config = tiny.config("gan", tmp_path)
    config.gan.latent_dim = 10**40 - 1
    assert f"a layer has {10**40 - 1}×8 parameters" in refusal(prepare, config)


def test_a_measurement_of_no_step(tmp_path):
    (tmp_path / "m.json").write_text(json.dumps({"measures": {}, "protocol": {}, "of": {"step": "True"}, "marks": []}))
    assert "of other kinds" in refusal(read_measurement, tmp_path / "m.json")


@pytest.mark.parametrize("value", [None, "x", float("nan"), True])
@pytest.mark.parametrize("key", ["steps", "save_every", "num_seeds"])
def test_a_config_of_other_types_has_no_page(tmp_path, key, value):
    _, workdir = started(tmp_path)
    config = json.loads((workdir / "config.json").read_text())
    config["train"][key] = value
    (workdir / "config.json").write_text(json.dumps(config))
    assert f"train.{key}" in refusal(report.alone, workdir)


@pytest.mark.parametrize("reader", [lambda path: files.npz(str(path)), read_weights])
def test_an_archive_of_other_things(tmp_path, reader):
    with zipfile.ZipFile(tmp_path / "data.npz", "w") as archive:
        archive.writestr("images", "no array")
    assert "images in it is no array" in refusal(reader, tmp_path / "data.npz")


@pytest.mark.parametrize("names", ["{", "[]", '{"hair": 3}', '{"hair": ["fair"], "more": ["no"]}', DEEP])
def test_names_of_attributes_that_are_none(tmp_path, names):
    arrays = {"images": np.zeros((6, 8, 8, 3), np.uint8), "attributes": np.zeros((6, 1), np.int64)}
    np.savez(tmp_path / "data.npz", **arrays, attribute_names=np.array(names))
    assert "attribute_names" in refusal(files.npz, str(tmp_path / "data.npz"))


def bomb(path, gib):
    """An .npz of so many GiB of zeros by its directory, of a few bytes on the disk."""
    np.savez_compressed(path, images=np.zeros((4, 8, 8, 3), np.uint8))
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        true = archive.infolist()[0].file_size
    at = data.index(b"PK\x01\x02") + 24  # the size in the directory
    assert struct.unpack_from("<I", data, at)[0] == true
    struct.pack_into("<I", data, at, gib * 2**30 - 1)
    path.write_bytes(data)


@pytest.mark.parametrize("reader", [lambda path: files.npz(str(path)), read_weights])
def test_an_archive_that_unpacks_to_more_than_fits(tmp_path, monkeypatch, reader):
    monkeypatch.setattr(untrusted.os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2**20}.__getitem__)
    bomb(tmp_path / "data.npz", 3)
    assert "unpacks to 3.0 GiB, more than half of this machine's 4.0 GiB" in refusal(reader, tmp_path / "data.npz")


def test_idx_files_are_read_to_the_size_that_they_announce(tmp_path):
    head = b"\0\0\x08\x02" + struct.pack(">2I", 3, 4)
    for content, line in ((head + bytes(13), "cannot reshape"), (head + bytes(11), "cannot reshape")):
        (tmp_path / "x.gz").write_bytes(gzip.compress(content))
        assert line in refusal(files.read_idx, tmp_path / "x.gz")
    (tmp_path / "x.gz").write_bytes(gzip.compress(head + bytes(12)))
    assert files.read_idx(tmp_path / "x.gz").shape == (3, 4)
    (tmp_path / "x").write_bytes(b"\0\0\x08\x03" + struct.pack(">3I", *[2**32 - 1] * 3))
    assert "unpacks to" in refusal(files.read_idx, tmp_path / "x")


def test_an_archive_whose_headers_announce_what_nobody_reads(tmp_path):
    header = tarfile.TarInfo("x" * 8)
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 2 * 10**8
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(gzip.compress(header.tobuf() + bytes(1024)))
    assert "headers announce more" in refusal(files.cifar10, str(tmp_path))


def test_a_picture_as_wide_as_a_fraction(tmp_path):
    for i in range(3):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{i}.tif")
    data = bytearray((tmp_path / "0.tif").read_bytes())
    at = next(i for i in range(len(data)) if data[i : i + 4] in (b"\0\1\3\0", b"\0\1\4\0"))  # the width
    data[at + 2] = 5  # two numbers, at the place in the file that was the width
    (tmp_path / "fraction.tif").write_bytes(data)
    source = folder.folder(str(tmp_path), image_size=8)
    assert (source.size, len(source.info["skipped"])) == (3, 1)


@pytest.mark.ci
def test_weights_whose_shapes_make_no_network(tmp_path, capsys):
    train(tiny.config("dcgan", tmp_path, steps=1), tmp_path / "run")
    tiny.call(capsys, "convert", "--to=dcgan", f"--workdir={tmp_path / 'run'}", f"--out={tmp_path}")
    line = tiny.refused(
        capsys,
        "convert",
        "--from=dcgan",
        f"--weights={tmp_path / '1_netG.safetensors'}",
        f"--workdir={tmp_path / 'w'}",
        "--config.data.image_size=32",  # where the networks are of 8
    )
    assert "the arrays are not those of dcgan" in line
    assert not (tmp_path / "w").exists()
