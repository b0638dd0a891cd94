"""A read-only table from 64-bit keys to small integers that compiled code asks in nanoseconds.

A perfect hash: each key has one slot, so a look-up is one probe with no search. Unlike a dictionary it consists of
plain arrays, which processes share through the page cache and which load in no time. `dateline/terms.py` uses one for
words and one for runs of words. Must not import other modules of the project but `compiled`.
"""

from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dateline.compiled import compiled

Keys = NDArray[np.uint64]
Values = NDArray[np.int32]
Arrays = tuple[Keys, Values, NDArray[np.int64], NDArray[np.uint64]]
"""Keys, values, shifts, and the multipliers and shifts of the hashes of buckets and slots."""
EMPTY = -1
_MULTIPLIER, _INCREMENT = 0x5851F42D4C957F2D, 0x14057B7EF767814F
"""Odd constants of Knuth's MMIX generator; they spread keys over buckets, and with the seed over slots."""
_TRIES = 4096


class Table:
    """Maps keys to values.

    `keys` and `values`: (n_slots,), n_slots a power of two, the value of an empty slot EMPTY; `shifts`: (n_buckets,),
    what the slots of a bucket's keys are XORed with so that no two keys meet; `seed` of the slots' hash.
    Source: Belazzougui, Botelho, Dietzfelbinger 2009, "Hash, displace, and compress".
    """

    arrays: "Arrays"
    """What `place` takes."""

    def __init__(self, *, keys: Keys, values: Values, shifts: NDArray[np.int64], seed: int) -> None:
        self.keys = keys
        self.values = values
        self._shifts = shifts
        self._seed = seed
        numbers = [_MULTIPLIER, 64 - _bits(len(shifts)), _multiplier(seed), 64 - _bits(len(keys))]
        self.arrays = (keys, values, shifts, np.array(numbers, dtype=np.uint64))

    @classmethod
    def build(cls, keys: Sequence[int] | Keys, values: Sequence[int] | NDArray[np.integer[Any]]) -> "Table":
        """Return the table of distinct keys with their values (not negative)."""
        given = np.asarray(keys, dtype=np.uint64)
        n_slots, n_buckets = 1 << max(1, (len(given) * 3 // 2).bit_length()), 1 << max(1, len(given).bit_length() - 1)
        for seed in count():
            empty = cls(
                keys=np.zeros(n_slots, dtype=np.uint64),
                values=np.full(n_slots, EMPTY, dtype=np.int32),
                shifts=np.zeros(n_buckets, dtype=np.int64),
                seed=seed,
            )
            if empty._place(given):
                slots = empty.slots(given)
                empty.keys[:] = empty._elsewhere(given)
                empty.keys[slots] = given
                empty.values[slots] = values
                return empty
        raise AssertionError

    def slots(self, keys: Keys) -> NDArray[np.int64]:
        """Return the slot of each key; one that is not in the table gets some slot."""
        return _slots(keys, self.arrays)

    def locate(self, keys: Keys) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the slot of each key and whether it is there."""
        slots = self.slots(keys)
        return slots, self.keys.take(slots) == keys

    def items(self) -> tuple[Keys, Values]:
        """Return the keys and their values."""
        used = self.values >= 0
        return self.keys[used], self.values[used]

    def state(self) -> dict[str, Any]:
        """Return what a bundle keeps of the table."""
        return {"keys": self.keys, "values": self.values, "shifts": self._shifts, "seed": self._seed}

    def _elsewhere(self, keys: Keys) -> Keys:
        """Return what empty slots hold: a key that is looked for in another slot, so that nothing is found there."""
        if len(keys):
            return keys[:1]
        candidates = np.arange(64, dtype=np.uint64)
        homes = self.slots(candidates)
        return np.array([candidates[homes != slot][0] for slot in range(len(self.keys))], dtype=np.uint64)

    def _place(self, keys: Keys) -> bool:
        """Find the shift of every bucket, the fullest first; False if there is none for some bucket."""
        hashes = self.arrays[3]
        order = np.argsort(buckets := ((keys * hashes[0]) >> hashes[1]).astype(np.int64), kind="stable")
        starts = np.searchsorted(buckets[order], np.arange(len(self._shifts) + 1))
        homes = self.slots(keys)[order].tolist()
        members = [homes[a:b] for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]
        taken = bytearray(len(self.keys))
        free = 0
        for bucket in sorted(range(len(members)), key=lambda b: -len(members[b])):
            of_bucket = members[bucket]
            if len(of_bucket) == 1:
                free = taken.index(0, free)
                shift = of_bucket[0] ^ free
            elif len(set(of_bucket)) < len(of_bucket):
                return False
            else:
                candidates = (s * _MULTIPLIER % len(taken) for s in range(min(_TRIES, len(taken))))
                found = (s for s in candidates if not any(taken[h ^ s] for h in of_bucket))
                shift = next(found, -1)
                if shift < 0:
                    return False
            self._shifts[bucket] = shift
            for h in of_bucket:
                taken[h ^ shift] = 1
        return True


@compiled
def place(key: np.uint64, table: Arrays) -> int:
    """Return the slot of a key in a table's `arrays`, EMPTY if it is not there. For compiled code."""
    slot = _slot(key, table)
    return slot if table[0][slot] == key else EMPTY


@compiled
def _slot(key: np.uint64, table: Arrays) -> int:
    _, _, shifts, hashes = table
    slot: int = np.int64((key * hashes[2]) >> hashes[3]) ^ shifts[(key * hashes[0]) >> hashes[1]]
    return slot


@compiled
def _slots(keys: Keys, table: Arrays) -> NDArray[np.int64]:
    slots = np.empty(len(keys), np.int64)
    for i, key in enumerate(keys):
        slots[i] = _slot(key, table)
    return slots


def _multiplier(seed: int) -> int:
    return (_INCREMENT + 2 * (seed + 1) * _MULTIPLIER) % 2**64 | 1


def _bits(size: int) -> int:
    return size.bit_length() - 1
