"""PyTorch weights (`networks`) into our networks: layers in their order of call, kernels in our layout."""

import jax
import jax.numpy as jnp
import numpy as np
import torch

from ganjax.core import Gan
from ganjax.monitor.networks import overview
from ganjax.nets import bind


def order(network, example):
    """Paths of the network's layers with parameters, in order of call."""
    game = Gan(lambda key, batch: bind.initialise(network, key, batch), None, None, None, None)
    return [layer.path.split("/") for layer in overview(game, example)[0].layers]


def torch_layers(module):
    """(module, kind) of the torch layers with parameters, in order of registration."""
    kinds = (torch.nn.Linear, torch.nn.Conv2d, torch.nn.ConvTranspose2d, torch.nn.BatchNorm2d, torch.nn.GroupNorm)
    return [layer for layer in module.modules() if isinstance(layer, kinds) and layer.state_dict()]


def convert(network, example, module, grid=None, player="gen"):
    """(params, vars) for ``network`` from ``module``.

    grid: side of the map that a dense layer makes (gen) or reads (disc): torch flattens (C, H, W), we (H, W, C).
    """
    example = jnp.asarray(example)
    params, vars = bind.initialise(network, jax.random.key(0), example)
    params, vars = jax.tree.map(np.asarray, (params, vars))
    for path, layer in zip(order(network, example), torch_layers(module), strict=True):
        for name, value in arrays(layer, grid, player).items():
            put(vars["batch_stats"] if name in ("mean", "var") else params, [*path, name], value)
    return jax.tree.map(jnp.asarray, (params, vars))


def arrays(layer, grid, player):
    own = {name: value.detach().numpy() for name, value in layer.state_dict().items()}
    if isinstance(layer, torch.nn.Linear):
        weight, bias = own["weight"], own["bias"]
        if grid and player == "gen":
            weight = weight.reshape(-1, grid, grid, weight.shape[1]).transpose(1, 2, 0, 3).reshape(weight.shape)
            bias = bias.reshape(-1, grid, grid).transpose(1, 2, 0).ravel()
        elif grid:
            weight = weight.reshape(len(weight), -1, grid, grid).transpose(0, 2, 3, 1).reshape(weight.shape)
        return {"kernel": weight.T, "bias": bias}
    if isinstance(layer, torch.nn.ConvTranspose2d):
        return {"kernel": own["weight"].transpose(2, 3, 0, 1)} | ({"bias": own["bias"]} if "bias" in own else {})
    if isinstance(layer, torch.nn.Conv2d):
        return {"kernel": own["weight"].transpose(2, 3, 1, 0)} | ({"bias": own["bias"]} if "bias" in own else {})
    running = {"mean": own["running_mean"], "var": own["running_var"]} if "running_mean" in own else {}
    return {"scale": own["weight"], "bias": own["bias"], **running}


def put(tree, path, value):
    *parents, name = path
    for parent in parents:
        tree = tree[parent]
    assert tree[name].shape == value.shape, (path, tree[name].shape, value.shape)
    tree[name] = np.array(value)


def images(x):
    """NCHW torch -> NHWC, values [b] and points as they are."""
    x = x.detach().numpy()
    return x.transpose(0, 2, 3, 1) if x.ndim == 4 else x
