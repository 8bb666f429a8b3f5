"""Batches of indices: each index once, in an order that is random and new in every epoch."""

import numpy as np

from ..common import call, fail, numbers, ok, same
from ..points import part, rng


def _each_once(function):
    drawn = np.concatenate(_batches(function, 10, 4, 0))
    if len(drawn) == 10 and len(set(drawn.tolist())) < 10:
        fail("within one epoch an example comes twice and another never", "put all indices into one random order, then cut it")
    same(np.sort(drawn), np.arange(10), "every index from 0 to 9 comes exactly once", "indices count from 0 to count − 1")


def _random_order(function):
    """Check that the order is random, comes from the rng, and changes with every epoch."""
    seeds = [int(seed) for seed in rng(4).integers(2**31, size=3)]

    def order(seed):
        drawn = np.concatenate(_batches(function, 200, 32, seed))
        if np.array_equal(drawn, np.arange(200)):
            fail("200 indices came back in their first order", "shuffle: rng.permutation")
        return drawn

    with part():
        order(seeds[0])
        if max(np.ptp(batch) for batch in _batches(function, 200, 32, seeds[2])) < 40:
            fail("each batch holds neighbours: whole batches were shuffled, not the examples", "shuffle before you cut")
        ok("the order is shuffled, example by example")
    with part():
        if not np.array_equal(order(seeds[0]), order(seeds[0])):
            fail("the same seed gave two different orders", "draw from the rng you are given, from no other source")
        ok("the same seed gives the same order")
    with part():
        draws = np.random.default_rng(seeds[2])
        first, second = (np.concatenate(_batches(function, 200, 32, draws)) for _ in range(2))
        if np.array_equal(order(seeds[0]), order(seeds[1])) or np.array_equal(first, second):
            fail("two epochs, or two seeds, gave the same order", "draw from the rng you are given instead of making a new one")
        ok("the next epoch has another order")


def _batches(function, count, size, seed):
    """The batches for one seed (or generator) as a list of index arrays."""
    got = call(function, count, size, np.random.default_rng(seed))
    try:
        got = [numbers(batch, "the batches") for batch in got]
    except TypeError:
        fail("the result is no list of batches", "return a list of arrays of indices")
    if not got:
        fail("there is no batch", "return a list of arrays of indices")
    for batch in got:
        if batch.ndim != 1 or batch.dtype.kind not in "iu":
            fail(f"a batch has shape {batch.shape} and type {batch.dtype}", "a batch is a row of whole numbers, the indices")
    if any(len(batch) == 0 for batch in got):
        fail("there is an empty batch", "stop when all indices are used")
    return got
