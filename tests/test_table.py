import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dateline.table import Table

keys = st.sets(st.integers(0, 2**64 - 1) | st.integers(0, 40) | st.integers(0, 9).map(lambda n: n << 32), max_size=80)


@given(keys, keys)
@settings(max_examples=200)
def test_a_table_has_what_it_was_given_and_nothing_else(inside: set[int], asked: set[int]) -> None:
    expected = {key: value for value, key in enumerate(sorted(inside))}
    built = Table.build(list(expected), list(expected.values()))
    for table in (built, Table(**built.state())):
        wanted = np.array(sorted(inside | asked), dtype=np.uint64)
        slots, there = table.locate(wanted)
        assert there.tolist() == [key in inside for key in wanted.tolist()]
        found = dict(zip(wanted[there].tolist(), table.values[slots[there]].tolist(), strict=True))
        assert found == expected
        kept = table.items()
        assert dict(zip(kept[0].tolist(), kept[1].tolist(), strict=True)) == expected


def test_a_big_table_is_built_in_no_time_and_stays_compact() -> None:
    given_keys = np.unique(np.random.default_rng(1).integers(0, 2**63, 60_000).astype(np.uint64))
    table = Table.build(given_keys, np.arange(len(given_keys)))
    slots, there = table.locate(given_keys)
    assert there.all()
    assert (table.values[slots] == np.arange(len(given_keys))).all()
    assert len(table.keys) <= 4 * len(given_keys)
