"""Arrays out of pickles that are not run: only what arrays and tensors are made of is understood, by stand-ins of ours.

A pickle names functions and calls them. Here a name is either one of the few below or an error, and what stands for it
collects numbers: shapes, strides and bytes, which are looked at before an array is made of them.
"""

from __future__ import annotations

import collections
import math
import pickle
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

STORAGES = {
    "FloatStorage": "f4", "DoubleStorage": "f8", "HalfStorage": "f2", "BFloat16Storage": ml_dtypes.bfloat16,
    "LongStorage": "i8", "IntStorage": "i4", "ShortStorage": "i2", "CharStorage": "i1", "ByteStorage": "u1",
    "BoolStorage": "?",
}  # fmt: skip


class Closed:
    """An object that a pickle can make, but whose insides it cannot set."""

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError(f"it sets the insides of a {type(self).__name__.lower()}")


class Storage(Closed):
    """Numbers of one type in a row, which come after the pickle that speaks of them."""

    def __init__(self, dtype: Any, size: int) -> None:
        self.dtype, self.size = np.dtype(dtype).newbyteorder("<"), int(size)
        self.data = np.empty(0, self.dtype)

    def check(self, size: int) -> None:
        """Raises ValueError where so many bytes are not the numbers that were announced."""
        if size != self.size * self.dtype.itemsize:
            raise ValueError(f"a tensor of {self.size} numbers has {size} bytes: the file is cut short")

    def fill(self, data: bytes) -> None:
        """Takes the numbers; raises ValueError as ``check``."""
        self.check(len(data))
        self.data = np.frombuffer(data, self.dtype)


class Tensor(Closed):
    """A view of a storage, as torch writes it."""

    def __init__(self, storage: Any, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
        if not isinstance(storage, Storage):
            raise pickle.UnpicklingError("a tensor is not made of numbers")
        self.storage, self.offset, self.shape, self.strides = storage, offset, tuple(shape), tuple(strides)

    def array(self) -> np.ndarray:
        """A copy; raises ValueError where the view leaves the numbers that are there, or repeats them."""
        numbers = self.storage.data
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))
        outside = 0 not in self.shape and last >= numbers.size
        if min((self.offset, *self.shape, *self.strides)) < 0 or outside or math.prod(self.shape) > numbers.size:
            raise ValueError("a tensor reaches beyond its numbers")
        steps = [step * numbers.itemsize for step in self.strides]
        return np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, steps).copy()


class TorchPickle(pickle._Unpickler):  # the plain one: its memo is as large as what is in it
    """The pickle of a torch file: its tensors are ``Tensor``, their storages in ``storages``, still empty."""

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self.storages: dict[str, Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in STORAGES:
            return name
        return _known(
            module,
            name,
            {
                ("collections", "OrderedDict"): collections.OrderedDict,
                ("torch._utils", "_rebuild_tensor_v2"): lambda store, start, shape, strides, *_: Tensor(
                    store, start, shape, strides
                ),
                ("torch._utils", "_rebuild_parameter"): lambda tensor, *_: tensor,
            },
        )

    def persistent_load(self, pid: Any) -> Storage:
        kind, dtype, key, _, size, *_ = pid
        if kind != "storage" or dtype not in STORAGES:
            raise pickle.UnpicklingError(f"{kind} of {dtype} is not known here")
        return self.storages.setdefault(str(key), Storage(STORAGES[dtype], size))


class NumpyDtype:
    def __init__(self, code: str, *_: Any) -> None:
        if np.dtype(code).kind not in "fiub":
            raise pickle.UnpicklingError(f"an array of {code} holds no numbers")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.dtype = self.dtype.newbyteorder(state[1])


class NumpyArray:
    array = np.empty(0)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, fortran, data = state
        self.array = np.frombuffer(data, dtype.dtype).reshape(shape, order="F" if fortran else "C")


class NumpyPickle(pickle._Unpickler):
    """The pickle of a tree of NumPy arrays."""

    def find_class(self, module: str, name: str) -> Any:
        made: dict[tuple[str, str], Callable[..., Any]] = {
            ("numpy", "ndarray"): NumpyArray,
            ("numpy", "dtype"): NumpyDtype,
        }
        made |= {
            (f"numpy.{core}.multiarray", "_reconstruct"): lambda *_: NumpyArray() for core in ("core", "_core")
        }  # fmt: skip
        return _known(module, name, made)


def _known(module: str, name: str, known: dict[tuple[str, str], Any]) -> Any:
    if (module, name) not in known:
        raise pickle.UnpicklingError(f"it names {module}.{name}, which is not part of an array")
    return known[module, name]
