"""``python -m experiments.benchmark.step``: what the algebra of moves costs, on one critic-heavy step.

Three forms of the same WGAN-GP iteration take turns: ``alternate`` with its scan over critic steps, the same moves
unrolled, and a step written flat for the purpose. And how compile time grows with n_critic.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from experiments.benchmark.cases import CASES, Case
from experiments.benchmark.ganjax_side import ADAM, Side, build
from ganjax import allocator
from ganjax.core import Carry, Key, Metrics, Players, State, Step, play, sequence, tick
from ganjax.losses import wasserstein_disc, wasserstein_gen
from ganjax.monitor.flops import count
from ganjax.nets.bind import Bound
from ganjax.penalties import gradient_penalty, interpolate


def unrolled(side: Side, n_critic: int) -> Step:
    """``alternate`` without its scan."""
    tx = ADAM["wgan_gp"]
    disc, gen = play("disc", side.gan.disc_loss, tx), play("gen", side.gan.gen_loss, tx)

    def on(i: int, step: Step) -> Step:
        return lambda state, batch, key: step(state, {"image": batch["image"][i : i + 1]}, key)

    def critics(state: State, batch: Any, key: Key) -> tuple[State, Metrics]:
        for i in range(n_critic):
            state, metrics = on(i, disc)(state, batch, jax.random.fold_in(key, i))
        return state, metrics

    return tick(sequence(critics, on(n_critic - 1, gen)))


def flat(side: Side, n_critic: int) -> Step:
    """The same iteration with nothing from ``core``: one function, two gradients, one loop."""
    tx, networks, latent = ADAM["wgan_gp"], side.networks, 128

    def step(state: State, batch: Any, key: Key) -> tuple[State, Metrics]:
        key = jax.random.fold_in(key, state.carry.step)
        gen, disc = state.params
        gen_vars = state.carry.vars.gen

        def critic(carry: Any, inputs: Any) -> tuple[Any, jax.Array]:
            disc, opt, gen_vars = carry
            x, key = inputs
            z_key, eps_key, key = jax.random.split(key, 3)
            G = Bound(networks.gen, gen, gen_vars, key)
            x_fake = G(jax.random.normal(z_key, (len(x), latent)))
            between = interpolate(eps_key, x, x_fake)

            def loss(disc: Any) -> jax.Array:
                D = Bound(networks.disc, disc, {}, key)
                return wasserstein_disc(*D.each(x, x_fake)) + 10.0 * gradient_penalty(D, between).mean()

            value, grads = jax.value_and_grad(loss)(disc)
            updates, opt = tx.update(grads, opt, disc)
            return (optax.apply_updates(disc, updates), opt, G.vars), value

        keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.arange(n_critic + 1))
        (disc, disc_opt, gen_vars), values = jax.lax.scan(
            critic, (disc, state.opt.disc, gen_vars), (batch["image"], keys[:-1])
        )

        def gen_loss(gen: Any) -> tuple[jax.Array, Any]:
            G = Bound(networks.gen, gen, gen_vars, keys[-1])
            fake = G(jax.random.normal(keys[-1], (batch["image"].shape[1], latent)))
            return wasserstein_gen(Bound(networks.disc, disc, {}, keys[-1])(fake)), G.vars

        (value, gen_vars), grads = jax.value_and_grad(gen_loss, has_aux=True)(gen)
        updates, gen_opt = tx.update(grads, state.opt.gen, gen)
        carry = Carry(state.carry.step + 1, Players(gen_vars, state.carry.vars.disc), state.carry.memory)
        new = State(Players(optax.apply_updates(gen, updates), disc), Players(gen_opt, disc_opt), carry, state.ema)
        return new, {"disc/loss": values.mean(), "gen/loss": value}

    return step


def compiled(side: Side, step: Step) -> tuple[Callable[[], float], dict[str, float]]:
    """(seconds of one call, {compile_s, flops from the shapes})."""
    key, state = jax.random.key(2), side.state()
    flops = count(jax.make_jaxpr(step)(state, side.batch, key))
    lowered = jax.jit(step, donate_argnums=0).lower(state, side.batch, key)
    began = time.perf_counter()
    program = lowered.compile()
    seconds = time.perf_counter() - began
    cost = program.cost_analysis() or {}

    def call() -> float:
        nonlocal state
        began = time.perf_counter()
        state, metrics = program(state, side.batch, key)
        jax.block_until_ready(metrics)
        return time.perf_counter() - began

    return call, {"compile_s": seconds, "gflop": flops / 1e9, "compiled_gflop": cost.get("flops", 0.0) / 1e9}


def main(case: Case, rounds: int = 15) -> None:
    """Prints one JSON object."""
    allocator.hold()  # as both doors do
    side, one = build(case), build(case._replace(n_critic=1))
    forms = {"alternate": side.step, "unrolled": unrolled(side, case.n_critic), "flat": flat(side, case.n_critic)}
    calls, report = {}, {}
    for name, step in forms.items():
        calls[name], report[name] = compiled(side, step)
    report["n_critic=1"] = compiled(one, one.step)[1]
    times: dict[str, list[float]] = {name: [] for name in calls}
    for i in range(rounds + 2):
        for name, call in calls.items():
            seconds = call()
            if i > 1:
                times[name].append(seconds)
    for name, seconds in times.items():
        low, middle, high = statistics.quantiles(seconds, n=4)
        report[name] |= {"median_s": middle, "quartiles_s": [low, high]}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(CASES[sys.argv[1] if len(sys.argv) > 1 else "wgan_gp_32"])
