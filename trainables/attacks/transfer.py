"""What broke one net, tried on another: one pass forward for each image and epsilon.

Adversarial images often break nets that they were not made for (Szegedy et al., Intriguing
properties of neural networks, 2014), most of all those that hide their gradients (Athalye, Carlini
and Wagner, Obfuscated gradients give a false sense of security, 2018). So two nets are compared
fairly only when each has met what broke the other.

Shapes: N images, P perturbations, C H W channels and pixels, E epsilons (the first one 0).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from search_spaces.errors import UnavailableError
from trainables.attacks.balls import BALLS
from trainables.attacks.robustness import BATCH
from trainables.attacks.traces import CountingModel, leaving_no_trace
from trainables.reports import Progress

MEMORY_BYTES = 64_000_000
"""Of one net's perturbations; beyond that they go to a temporary file, which ends with the process.
1,000 images of 32 px at five epsilons are 31 MB at the most, of 224 px 1.5 GB. So two nets take
128 MB and a batch, whatever the images are."""
_TYPE = np.dtype(np.float16)


class Transferable:
    """What broke one net on a sample; `hear` is for `measure_robustness(broke=...)`.

    Kept as float16 changes. Rounding may take one out of its ball, or set an image right again for
    its own net: on the other it is projected, and judged as it is then.

    Args:
        shape_CHW: of an image.
        memory: bytes, at the most.
    """

    def __init__(self, shape_CHW: tuple[int, ...], *, memory: int = MEMORY_BYTES) -> None:
        self._shape = shape_CHW
        self._held = tempfile.SpooledTemporaryFile(max_size=memory)  # noqa: SIM115
        self._rows_P: list[int] = []
        self._eps_P: list[int] = []

    def __len__(self) -> int:
        return len(self._rows_P)

    def hear(self, e: int, rows_P: torch.Tensor, change_PCHW: torch.Tensor) -> None:
        """Images of the sample that broke at epsilon `e`, and what broke them.

        Raises:
            UnavailableError: there is no room for the temporary file.
        """
        changes = np.ascontiguousarray(change_PCHW.detach().cpu().numpy(), dtype=_TYPE)
        try:
            self._held.seek(len(self) * self._bytes_each)
            self._held.write(changes.tobytes())
        except OSError as error:
            tried = [(tempfile.gettempdir(), str(error))]
            hint = "Name another folder with TMPDIR, or attack fewer images."
            raise UnavailableError("Room for perturbations", tried, hint=hint) from None
        self._rows_P += rows_P.tolist()
        self._eps_P += [e] * len(rows_P)

    def at(
        self, e: int, wanted_N: np.ndarray, batch_size: int
    ) -> Iterator[tuple[np.ndarray, torch.Tensor]]:
        """Batches of rows and changes float32 [B, C, H, W] at this epsilon.

        Args:
            wanted_N: bool, by row; other rows, and those beyond, are passed over.
        """
        places = [
            p
            for p, row in enumerate(self._rows_P)
            if self._eps_P[p] == e and row < len(wanted_N) and wanted_N[row]
        ]
        for start in range(0, len(places), batch_size):
            batch = places[start : start + batch_size]
            rows_B = np.array([self._rows_P[p] for p in batch])
            yield rows_B, torch.from_numpy(np.stack([self._read(p) for p in batch]))

    @property
    def _bytes_each(self) -> int:
        return int(np.prod(self._shape)) * _TYPE.itemsize

    def _read(self, place: int) -> np.ndarray:
        self._held.seek(place * self._bytes_each)
        change = np.frombuffer(self._held.read(self._bytes_each), dtype=_TYPE)
        return change.reshape(self._shape).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Transfer:
    """One net under what broke another.

    Args:
        right_NE: bool: right at this epsilon and all smaller ones, under both.
        passes: images forward; each was one perturbation that was tried.
    """

    right_NE: np.ndarray
    passes: int
    seconds: float


def transfer(
    found: Transferable,
    model: nn.Module,
    images_NHWC: np.ndarray,
    labels_N: np.ndarray,
    right_NE: np.ndarray,
    eps_255: Sequence[float],
    norm: str,
    *,
    batch_size: int = BATCH,
) -> Generator[Progress, None, Transfer]:
    """Try what broke another net on the images that this one still has right, on the CPU.

    A perturbation is tried at the epsilon at which it was found. One that breaks nothing there
    breaks nothing at a larger one, since it is the same image; one that does is in all larger
    balls, too. So the verdicts stay those of a worst case, which cannot rise.

    Args:
        model: images [N, C, H, W] in [0, 1] -> logits [N, K]; left as it was found.
        images_NHWC: uint8, the sample on which they were found.
        right_NE: bool: right under its own attack, at each epsilon and all smaller ones.
    """
    began, counting, right_NE = time.monotonic(), CountingModel(model), right_NE.copy()
    labels_N = np.asarray(labels_N)
    for e in range(1, len(eps_255)):
        for rows_B, change_BCHW in found.at(e, right_NE[:, e].copy(), batch_size):
            yield Progress(f"trying what broke the other net at {eps_255[e]:g}/255")
            pixels = torch.from_numpy(np.ascontiguousarray(images_NHWC[rows_B]))
            clean_BCHW = pixels.permute(0, 3, 1, 2).float() / 255
            moved_BCHW = BALLS[norm](clean_BCHW, eps_255[e] / 255).project(clean_BCHW + change_BCHW)
            with leaving_no_trace(counting), torch.no_grad():
                predicted_B = counting(moved_BCHW).argmax(dim=1).numpy()
            right_NE[rows_B[predicted_B != labels_N[rows_B]], e:] = False
    return Transfer(right_NE, counting.forward_images, time.monotonic() - began)
