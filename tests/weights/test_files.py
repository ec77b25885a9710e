"""Weights out of files that others wrote: every format gives the same arrays, and nothing in a file is run."""

import io
import pickle
import struct
import zipfile

import jax
import numpy as np
import pytest
from flax import linen as nn

from ganjax.errors import UserError
from ganjax.weights.files import read, sha256
from ganjax.weights.torch_names import from_state_dict

ARRAYS = {"conv.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2), "bn.bias": np.ones(3, np.float64)}


def test_npz(tmp_path):
    np.savez(tmp_path / "x.npz", **ARRAYS)
    found = read(tmp_path / "x.npz")
    assert found.keys() == ARRAYS.keys()
    for name, x in ARRAYS.items():
        np.testing.assert_array_equal(found[name], x)
        assert found[name].dtype == x.dtype


def test_safetensors(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    safetensors.save_file(ARRAYS, tmp_path / "x.safetensors", metadata={"format": "pt"})
    np.testing.assert_array_equal(read(tmp_path / "x.safetensors")["conv.weight"], ARRAYS["conv.weight"])
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "x.safetensors").read_bytes()[:-3])
    with pytest.raises(UserError, match="cannot be read as weights"):
        read(tmp_path / "cut.safetensors")


def test_pickled_numpy_arrays(tmp_path):
    tree = {"net": {"kernel": np.arange(6.0).reshape(2, 3).T, "bias": np.arange(3, dtype=np.int32)}, "epochs": 7}
    (tmp_path / "x.ckpt").write_bytes(pickle.dumps(tree, protocol=4))
    found = read(tmp_path / "x.ckpt")
    assert set(found) == {"net.kernel", "net.bias"}
    np.testing.assert_array_equal(found["net.kernel"], tree["net"]["kernel"])
    np.testing.assert_array_equal(found["net.bias"], tree["net"]["bias"])


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("zipped", [False, True])
def test_nothing_in_a_file_is_run(tmp_path, zipped):
    payload = pickle.dumps({"weight": Evil(tmp_path / "touched")})
    if zipped:
        with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
            archive.writestr("archive/data.pkl", payload)
    else:
        (tmp_path / "x.pth").write_bytes(payload)
    with pytest.raises(UserError, match=r"io\.open"):
        read(tmp_path / "x.pth")
    assert not (tmp_path / "touched").exists()


def objects(tmp_path):
    return pickle.dumps(np.array([Evil(tmp_path / "touched")], dtype=object))


def tensor(offset, shape, strides, size=4):
    """A torch pickle of one float tensor, written by hand, and its 4 numbers."""
    buffer = io.BytesIO()

    class Writer(pickle._Pickler):  # the plain one: its opcodes can be written by hand
        def persistent_id(self, obj):
            return ("storage", Named("torch", "FloatStorage"), "0", "cpu", size) if obj == "STORAGE" else None

        def save(self, obj, save_persistent_id=True):
            if isinstance(obj, Named):
                return self.write(f"c{obj.module}\n{obj.name}\n".encode())
            if isinstance(obj, Call):
                self.save(Named("torch._utils", "_rebuild_tensor_v2"))
                self.save(obj.args)
                return self.write(b"R")
            return super().save(obj, save_persistent_id)

    class Named:
        def __init__(self, module, name):
            self.module, self.name = module, name

    class Call:
        def __init__(self, *args):
            self.args = args

    Writer(buffer, 2).dump({"w": Call("STORAGE", offset, shape, strides, False, {})})
    return buffer.getvalue()


def torch_file(path, data, numbers=4):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", data)
        archive.writestr("a/data/0", np.arange(numbers, dtype=np.float32).tobytes())
    return path


def test_a_tensor_is_a_view_of_its_storage(tmp_path):
    found = read(torch_file(tmp_path / "x.pth", tensor(0, (2, 2), (1, 2))))
    np.testing.assert_array_equal(found["w"], [[0, 2], [1, 3]])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (tensor(1, (2, 2), (2, 1)), "reaches beyond its numbers"),
        (tensor(0, (10**9,), (1,)), "reaches beyond its numbers"),
        (tensor(0, (2,), (-1,)), "reaches beyond its numbers"),
        (tensor(0, (2,), (1,), size=5), "the file is cut short"),
        (tensor(0, (3, 3), (0, 0)), "reaches beyond its numbers"),
    ],
)
def test_a_tensor_that_leaves_its_storage_is_refused(tmp_path, data, message):
    with pytest.raises(UserError, match=message):
        read(torch_file(tmp_path / "x.pth", data))


def test_a_storage_that_never_came_has_no_numbers(tmp_path):
    """A file of the old format that announces 4 numbers and brings none: what lay in memory there is not ours."""
    parts = [0x1950A86A20F9469CFC6C, 1001, {}]
    data = b"".join(pickle.dumps(part, 2) for part in parts) + tensor(0, (4,), (1,)) + pickle.dumps([], 2)
    (tmp_path / "x.pth").write_bytes(data)
    with pytest.raises(UserError, match="reaches beyond its numbers"):
        read(tmp_path / "x.pth")


def test_the_insides_of_a_storage_are_closed(tmp_path):
    """The opcode b sets an object's state; here that of the tensor's storage, to a size that is not there."""
    data = tensor(0, (4,), (1,)).replace(b"Q", b"Q}X\x04\x00\x00\x00sizeM\xff\xffsb", 1)
    with pytest.raises(UserError, match="sets the insides of a storage"):
        read(torch_file(tmp_path / "x.pth", data))


def test_lists_in_lists_without_end(tmp_path):
    (tmp_path / "deep").write_bytes(b"\x80\x02" + b"]" * 3000 + b"a" * 2999 + b".")
    around = b"\x80\x02]q\x00h\x00a."  # a list that holds itself
    (tmp_path / "round").write_bytes(around)
    for name in ("deep", "round"):
        with pytest.raises(UserError, match="cannot be read as weights"):
            read(tmp_path / name)


def test_what_is_no_file_of_weights(tmp_path):
    with pytest.raises(UserError, match="no file"):
        read(tmp_path / "missing.pth")
    for content in (b"", b"hello, these are no weights", struct.pack("<Q", 2**40) + b"{}", objects(tmp_path)):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(UserError, match="cannot be read as weights"):
            read(tmp_path / "x")
    assert not (tmp_path / "touched").exists()


def test_sha256(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


class Two(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.Conv(2, (1, 3), use_bias=False, name="blocks_0")(x)
        x = nn.BatchNorm(use_running_average=True, name="bn")(x)
        return nn.Dense(4, name="fc")(x.mean(axis=(1, 2)))


def state():
    random = np.random.default_rng(0)
    shapes = {
        "blocks.0.weight": (2, 3, 1, 3),
        "bn.weight": (2,),
        "bn.bias": (2,),
        "bn.running_mean": (2,),
        "bn.running_var": (2,),
        "bn.num_batches_tracked": (),
        "fc.weight": (4, 2),
        "fc.bias": (4,),
    }
    return {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def test_names_and_layouts_of_torch():
    like = jax.eval_shape(Two().init, jax.random.key(0), np.zeros((1, 5, 5, 3), np.float32))
    found = from_state_dict(state(), like, "x.pth")
    assert jax.tree.structure(found) == jax.tree.structure(like)
    np.testing.assert_array_equal(found["params"]["blocks_0"]["kernel"][0, 2], state()["blocks.0.weight"][:, :, 0, 2].T)
    np.testing.assert_array_equal(found["params"]["fc"]["kernel"], state()["fc.weight"].T)
    np.testing.assert_array_equal(found["params"]["bn"]["scale"], state()["bn.weight"])
    np.testing.assert_array_equal(found["batch_stats"]["bn"]["var"], state()["bn.running_var"])


def test_weights_of_another_network():
    like = jax.eval_shape(Two().init, jax.random.key(0), np.zeros((1, 5, 5, 3), np.float32))
    missing = {name: x for name, x in state().items() if name != "bn.running_var"}
    with pytest.raises(UserError, match=r"x\.pth has no bn\.var: it is not of this network"):
        from_state_dict(missing, like, "x.pth")
    with pytest.raises(UserError, match=r"fc\.bias has shape \(5,\), this network needs \(4,\)"):
        from_state_dict({**state(), "fc.bias": np.zeros(5)}, like, "x.pth")
