"""Which test images of CIFAR-10 have a near copy in the training images, and who else says so?

    python benchmarks/near_copies.py --published duplicates_cifar10.csv

`orchestrator data check cifar10`, its time, and, with the list that Barz and Denzler published in
2020 (Do we train on test data?; their repository `cifair`, file duplicates_cifar10.csv), how many
of theirs are among ours. Their judgments: 1 is a near duplicate, 2 "very similar". The thresholds
of `trainables/data/check/near.py` were chosen with this list in view. About a minute.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

from machine import machine

from trainables.data.check import DataCheck, check_data

RESULT = Path(__file__).parent / "results" / "near_copies.md"
JUDGED = {1: "near duplicates", 2: "very similar"}


def main() -> None:
    """Looks, compares, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--published", type=Path, help="duplicates_cifar10.csv of ciFAIR")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    began = time.process_time()
    found = check_data("cifar10", progress=print)
    seconds = time.process_time() - began
    across = {pair.index for pair in found.pairs if pair.split == "test" and pair.kind == "near"}
    lines = [
        "# Near copies in CIFAR-10\n",
        f"- exact duplicates, any split: {sum(pair.kind == 'exact' for pair in found.pairs)}",
        f"- test images with a near copy among the training images: {len(across)} of "
        f"{found.test_images:,}",
        f"- training images that nearly repeat an earlier one: {_within(found)}",
        f"- near copies under two labels: {sum(not pair.labels_agree for pair in found.pairs)}",
        *(_against(across, options.published) if options.published else ()),
        "",
        f"{seconds:.0f} CPU seconds (n = 1). {machine('numpy')}\n",
        "    python benchmarks/near_copies.py --published duplicates_cifar10.csv\n",
    ]
    print("\n".join(lines))
    options.out.write_text("\n".join(lines))


def _within(found: DataCheck) -> int:
    return len({pair.index for pair in found.pairs if pair.split == "train"})


def _against(across: set[int], published: Path) -> list[str]:
    """What of the published list is among ours."""
    with published.open(newline="", encoding="utf-8") as file:
        known = {int(row["TestID"]): int(row["Judgment"]) for row in csv.DictReader(file)}
    lines = []
    for judgment, words in JUDGED.items():
        theirs = {test for test, judged in known.items() if judged == judgment}
        lines.append(f"- published {words}: {len(theirs)}, of which ours: {len(theirs & across)}")
    lines.append(f"- ours that are not published: {len(across - known.keys())}")
    return lines


if __name__ == "__main__":
    main()
