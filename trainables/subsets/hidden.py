"""`HiddenLabels`: labels of a simulated unlabelled pool, which stay shut until they are bought.

Real data sets come with all their labels, so nothing but care would keep a simulation of labelling
from looking at them. Here a label that nobody has paid for cannot be read: it raises.

Shapes: N images.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np


class HiddenLabelRead(RuntimeError):
    """A label was read that was never bought: a mistake in the program, not in a request."""


class HiddenLabels:
    """Stands where `ImageData.labels_N` stands; gives out what is open, by index, and no more.

    Args:
        labels_N: class indices from 0, int64.
        known_M: places whose labels are open from the beginning, such as the validation split's.
    """

    def __init__(self, labels_N: np.ndarray, known_M: np.ndarray | None = None) -> None:
        self._labels_N = np.asarray(labels_N)
        self._open_N = np.zeros(len(self._labels_N), bool)
        if known_M is not None:
            self._open_N[known_M] = True

    def __len__(self) -> int:
        return len(self._labels_N)

    @property
    def shape(self) -> tuple[int, ...]:
        """As of the array that it stands for."""
        return self._labels_N.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """As of the array that it stands for."""
        return self._labels_N.dtype

    @property
    def opened(self) -> int:
        """Labels that can be read by now."""
        return int(self._open_N.sum())

    def __getitem__(self, places: Any) -> Any:
        """The labels of `places`: an index, an array of them, or a slice.

        Raises:
            HiddenLabelRead: one of them was never bought.
        """
        shut = int((~np.atleast_1d(self._open_N[places])).sum())
        if shut:
            raise HiddenLabelRead(f"{shut} labels were read that were never bought.")
        return self._labels_N[places]

    def __array__(self, *_: object, **__: object) -> NoReturn:
        raise HiddenLabelRead(
            "All labels were read at once; index with the images whose labels were bought."
        )

    def __iter__(self) -> NoReturn:
        self.__array__()

    def open(self, places_B: np.ndarray) -> np.ndarray:
        """Opens the labels of `places_B`, and gives them; for `LabelOracle`, which counts."""
        self._open_N[places_B] = True
        labels_B: np.ndarray = self._labels_N[places_B]
        return labels_B
