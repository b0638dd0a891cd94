"""Loops over arrays, compiled: where NumPy would need a dozen calls of a microsecond each, one call of machine code.

`compiled` makes a function such a loop. Numba compiles it when it is first called with arrays of some types and keeps
the machine code beside the module, or in NUMBA_CACHE_DIR, so that later processes load it in milliseconds. Must not
import other modules of the project.
"""

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")

# The order of a sum is the compiler's to choose, so that it can add several numbers at once; it is always the same.
_compile = partial(njit, fastmath={"reassoc", "nsz"}, error_model="numpy", nogil=True)


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function compiled; its machine code is not kept where no folder for it can be written."""
    try:
        made: Callable[P, R] = _compile(cache=True)(function)
    except RuntimeError:
        made = _compile()(function)
    return made
