"""The latency of an exported file, measured in a process of its own.

In the process that trained or exported the net, memory that other things have left would count, and
other threads would take their share of the time.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from search_spaces.errors import TrialFailed
from trainables.exporting.latency import LatencyReport

_SECONDS = 600.0  # a large net, 64 images at a time, on a busy machine; then it is given up


def measure_file(path: Path, image_HWC: np.ndarray, *, threads: int | None = None) -> LatencyReport:
    """The figures of the graph in `path`, a file of our own.

    Args:
        image_HWC: uint8.
        threads: of torch (default: as many as this process has).

    Raises:
        TrialFailed: the process failed, or took more than 10 minutes; says why.
    """
    import torch

    image = path.with_name(f".{path.stem}-image.npy")
    np.save(image, image_HWC)
    asked = [str(path), str(image), str(threads or torch.get_num_threads())]
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "trainables.exporting.fresh_latency", *asked],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise TrialFailed(f"{path.name} did not answer within {_SECONDS:g} s.") from None
    finally:
        image.unlink()
    if ended.returncode:
        last = (ended.stderr.strip().splitlines() or [f"exit status {ended.returncode}"])[-1]
        raise TrialFailed(f"{path.name} gives no answer: {last[:300]}")
    return LatencyReport.from_json(json.loads(ended.stdout.splitlines()[-1]))


def main(path: str, image: str, threads: str) -> None:
    """What the process does: measure, and print the figures as one line of JSON."""
    import torch

    from trainables.exporting.latency import measure_latency

    torch.set_num_threads(int(threads))
    module = torch.export.load(path).module()
    report = measure_latency(lambda images: module(images, probabilities=1), np.load(image))
    print(json.dumps(report.to_json()))


if __name__ == "__main__":
    main(*sys.argv[1:])
