"""Rules of what is cut over devices: pure functions of names and shapes, and what the devices then hold."""

import itertools

import jax
import numpy as np
import pytest
import tiny
from jax.sharding import PartitionSpec

from ganjax import checks, parallel, sharding
from ganjax import run as runs
from ganjax import workdir as workdirs
from ganjax.checkpoint import Checkpoints
from ganjax.config import call
from ganjax.errors import UserError
from ganjax.nets.conv import library
from ganjax.train import train

AT_LEAST = 64


@pytest.fixture(autouse=True)
def library_convolutions():
    with library():
        yield


def test_height_and_width_are_never_cut():
    sizes, rule = (1, 2, 3, 4, 8, 16), sharding.fsdp(at_least=1)
    for devices, rank in itertools.product((1, 2, 4, 8), (3, 4, 5)):
        for shape in itertools.product(sizes, repeat=rank):
            axis = rule(shape, devices)
            assert axis in (None, rank - 2, rank - 1)
            assert axis is None or shape[axis] % devices == 0


@pytest.mark.parametrize(
    ("shape", "at_least", "axis"),
    [
        ((4, 4, 256, 512), 2**18, 3),
        ((4, 4, 512, 256), 2**18, 2),
        ((4, 4, 256, 256), 2**18, 3),
        ((64, 64, 6, 6), 1, None),  # only the height and the width can be divided
        ((4, 4, 30, 8), 1, 3),  # the longer cannot
        ((128, 1000), 1, 1),
        ((512,), 512, 0),
        ((512,), 513, None),
        ((), 1, None),
        ((4, 4, 256, 512), None, None),
    ],
)
def test_large_leaves_are_cut_along_their_longer_channels(shape, at_least, axis):
    assert sharding.fsdp(at_least)(shape, 4) == axis
    assert sharding.replicate()(shape, 4) is None


def specs(config, lead=0):
    """Path -> how a leaf of a config's state is cut over the four devices."""
    state = runs.initial_shapes(runs.prepare(config))
    laid = sharding.layout(state, checks.sharding_rules(config), parallel.mesh(), lead)
    paths = [jax.tree_util.keystr(path, simple=True, separator="/") for path, _ in jax.tree.leaves_with_path(state)]
    return dict(zip(paths, (each.spec for each in jax.tree.leaves(laid)), strict=True))


def cut(name, folder, at_least=AT_LEAST, **train):
    config = tiny.config(name, folder, **train)
    config.train.sharding.at_least = at_least
    return config


def put(config, value):
    with config.train.ignore_type():
        config.train.sharding = value


def test_moments_and_average_follow_their_parameter_and_the_carry_stays_whole(tmp_path):
    found = specs(cut("dcgan", tmp_path, ema_decay=0.9))
    params = {path.removeprefix("params/"): spec for path, spec in found.items() if path.startswith("params/")}
    assert {None, "data"} <= {axis for spec in params.values() for axis in spec} | {None}
    for path, spec in params.items():
        who, name = path.split("/", 1)
        followers = [other for other in found if other.endswith(f"/{name}") and other.split("/")[1] == who]
        assert len(followers) == (4 if who == "gen" else 3)  # itself, two moments, and G's average
        assert {found[other] for other in followers} == {spec}
    assert all(spec == PartitionSpec() for path, spec in found.items() if path.startswith("carry/"))


def test_memories_stay_whole(tmp_path):
    config = cut("dcgan", tmp_path, at_least=1)
    config.gan.shared_latents = True
    found = specs(config)
    assert any(path.startswith("carry/memory/z") for path in found)
    assert all(spec == PartitionSpec() for path, spec in found.items() if path.startswith("carry/"))


def test_without_a_number_everything_is_everywhere(tmp_path):
    assert checks.sharding_rules(tiny.config("dcgan", tmp_path)) == ()


def test_the_first_pattern_decides(tmp_path):
    config = tiny.config("dcgan", tmp_path)
    rules = (("disc/", call("sharding.replicate")), ("^opt/", call("sharding.fsdp", at_least=AT_LEAST)))
    put(config, rules)
    found = specs(config)
    whole = [path for path, spec in found.items() if spec == PartitionSpec()]
    assert "opt/gen/0/mu/ConvTranspose_0/kernel" not in whole
    assert {"params/gen/ConvTranspose_0/kernel", "opt/disc/0/mu/Conv_0/kernel"} <= set(whole)


def test_seeds_stand_before_a_leafs_own_axes(tmp_path):
    alone, three = specs(cut("dcgan", tmp_path)), specs(cut("dcgan", tmp_path, num_seeds=3), lead=1)
    assert {path: PartitionSpec(*(None, *spec) * bool(spec)) for path, spec in alone.items()} == three


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (call("sharding.fdsp"), r"config\.train\.sharding: no function sharding\.fdsp; did you mean 'fsdp'"),
        (call("sharding.fsdp", at_leats=3), "no argument 'at_leats'; did you mean 'at_least'"),
        ((("(", call("sharding.replicate")),), r"config\.train\.sharding: a rule is needed, or pairs"),
        (("disc", 3), "a rule is needed, or pairs"),
        ((("disc", 3),), "a rule is needed, or pairs of .* 3 is no rule"),
    ],
)
def test_slips_in_rules_end_in_one_line(value, message, tmp_path):
    config = tiny.config("dcgan", tmp_path)
    put(config, value)
    with pytest.raises(UserError, match=message):
        train(config, tmp_path / "w")
    assert not (tmp_path / "w").exists()


def test_pmap_keeps_a_state_whole(tmp_path):
    with pytest.raises(UserError, match=r"use train\.parallel=jit"):
        train(cut("dcgan", tmp_path, parallel="pmap"), tmp_path / "w")


# ------------------------------------------------------------------------------------------------- what the devices hold


def bytes_on_each(state):
    """Bytes of a state on each device."""
    held = {device: 0 for device in jax.devices()}
    for leaf in jax.tree.leaves(state):
        for shard in leaf.addressable_shards:
            held[shard.device] += shard.data.nbytes
    return list(held.values())


def test_each_device_holds_its_share_before_and_after_a_step(tmp_path):
    config = cut("dcgan", tmp_path)
    run = runs.prepare(config)
    devices, start = runs.compile_step(run), runs.initial_state(run)
    laid = sharding.layout(start, checks.sharding_rules(config), parallel.mesh())
    shared = sum(
        x.nbytes for x, s in zip(*map(jax.tree.leaves, (start, laid)), strict=True) if s.spec != PartitionSpec()
    )
    everything = sum(x.nbytes for x in jax.tree.leaves(start))
    assert shared > 0.9 * everything
    state = devices.spread(start)
    assert bytes_on_each(state) == [everything - shared + shared // 4] * 4
    batch = {name: np.zeros(x.shape, np.uint8) for name, x in run.batch.items()}
    state, _ = devices.step(state, devices.put(batch), run.step_key)
    assert bytes_on_each(state) == [everything - shared + shared // 4] * 4


@pytest.mark.ci
def test_cut_and_whole_states_train_alike(tmp_path):
    """What differs is the order in which gradients are summed: 10 steps of 2e-4 each end within 1e-6."""
    train(tiny.config("dcgan", tmp_path, steps=10, ema_decay=0.9), tmp_path / "whole")
    train(cut("dcgan", tmp_path, steps=10, ema_decay=0.9), tmp_path / "cut")
    whole, shared = restored(tmp_path / "whole", 10), restored(tmp_path / "cut", 10)
    close(whole, shared, 1e-6)
    assert (tmp_path / "cut/samples/step_00000010.png").exists()


def restored(workdir, step):
    return jax.device_get(workdirs.reopen(workdir, step)[2])


def close(a, b, atol):
    for (path, x), y in zip(jax.tree.leaves_with_path(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_allclose(x, y, rtol=0, atol=atol, err_msg=jax.tree_util.keystr(path))


@pytest.mark.ci
@pytest.mark.parametrize(("first", "then"), [(None, AT_LEAST), (AT_LEAST, None)])
def test_a_run_goes_on_under_another_rule(first, then, tmp_path):
    """Nothing of the state is lost in between; 20 steps end within 1e-6 of those that were never stopped."""
    train(cut("dcgan", tmp_path, first, steps=10), tmp_path / "halves")
    train(cut("dcgan", tmp_path, then, steps=20), tmp_path / "halves")
    train(cut("dcgan", tmp_path, None, steps=20), tmp_path / "never")
    close(restored(tmp_path / "halves", 20), restored(tmp_path / "never", 20), 1e-6)


def test_a_checkpoint_is_the_same_state_however_it_is_laid_out(tmp_path):
    """One device, four that each have all, four with a quarter each: saved as any, restored as any, bit for bit."""
    one = runs.initial_state(runs.prepare(tiny.config("dcgan", tmp_path)))
    ways = {
        at_least: runs.compile_step(runs.prepare(cut("dcgan", tmp_path, at_least))) for at_least in (None, AT_LEAST)
    }
    for i, saved in enumerate([one, *(way.gather(way.spread(one)) for way in ways.values())]):
        with Checkpoints(tmp_path / str(i)) as checkpoints:
            checkpoints.save(1, saved)
            for like in (one, *(way.like(one) for way in ways.values())):
                _, found = checkpoints.restore(like)
                close(one, found, 0)
                for x, shape in zip(*map(jax.tree.leaves, (found, like)), strict=True):
                    assert x.sharding == shape.sharding


def test_a_cut_state_is_looked_at_whole(tmp_path):
    run = runs.prepare(cut("dcgan", tmp_path, ema_decay=0.9))
    start, devices = runs.initial_state(run), runs.compile_step(run)
    seen = parallel.whole(devices.gather(devices.spread(start)))
    close(seen, start._replace(opt=seen.opt), 0)
    assert all(leaf.devices() == {jax.devices()[0]} for leaf in jax.tree.leaves(seen))


@pytest.mark.ci
def test_seeds_of_one_program_are_cut_too(tmp_path):
    train(tiny.config("dcgan", tmp_path, steps=3, num_seeds=2), tmp_path / "whole")
    train(cut("dcgan", tmp_path, steps=3, num_seeds=2), tmp_path / "cut")
    close(restored(tmp_path / "whole", 3), restored(tmp_path / "cut", 3), 1e-6)


def test_the_generator_is_shared_out_too(tmp_path):
    """Latents are drawn within the step: without a word every device makes the whole batch of fakes."""
    run = runs.prepare(tiny.config("dcgan", tmp_path, batch_size=16))
    spec = {name: jax.ShapeDtypeStruct(x.shape, np.uint8) for name, x in run.batch.items()}
    mesh, text = parallel.mesh(), {}
    everywhere, along = (jax.sharding.NamedSharding(mesh, s) for s in (PartitionSpec(), PartitionSpec(None, "data")))
    for name, step in (("left", runs.whole_step(run)), ("told", parallel.along_the_batch(runs.whole_step(run)))):
        compiled = jax.jit(step, in_shardings=(everywhere, along, everywhere), out_shardings=everywhere)
        text[name] = compiled.lower(runs.initial_shapes(run), spec, run.step_key).compile().as_text()
    assert "f32[16,8,8,3]" in text["left"]
    assert "f32[16,8,8,3]" not in text["told"]
    assert "f32[4,8,8,3]" in text["told"]
