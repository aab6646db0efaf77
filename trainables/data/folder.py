"""`folder:PATH`: any tree of images with one folder a class, as torchvision's ImageFolder reads it.

`PATH/train` and `PATH/test` are taken as official splits where both are there; else 20 % of each
class of PATH is kept for testing. What is stored is named by path, size and the list of files
(names, sizes, modification times), so that a folder that has changed is read again.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np

from search_spaces.errors import UsageError
from trainables.data.image_files import decode_files
from trainables.data.image_tree import ImageTree, find_tree
from trainables.data.source import DataRequest, Decoded, Identity, Tell
from trainables.stratified import hold_out

DEFAULT_SIZE = 32  # pixels a side, CIFAR-10's
SMALLEST_SIZE, LARGEST_SIZE = 8, 512
TEST_SHARE = 0.2
_TEST_SEED = 0


class Folder:
    """The source `folder:PATH`; `--image-size` says at which size its images are stored."""

    description = "Your own PNG or JPEG images, one folder a class (folder:PATH)"

    def identify(self, request: DataRequest) -> Identity:
        """Named by path, size and file list; looks at every file's size and time, opens none."""
        request.refuse(data_dir=True)
        path, size = path_and_size(request)
        tree = find_tree(path)
        place = hashlib.sha256(f"{path}\0{size}".encode(errors="surrogateescape")).hexdigest()[:8]
        readable = re.sub(r"[^A-Za-z0-9_-]+", "_", path.name)[:40] or "root"
        family = f"folder-{readable}-{size}-{place}-"
        return Identity(f"folder:{path}@{size}", f"{family}{tree.fingerprint}", family)

    def make(self, request: DataRequest, scratch: Path, tell: Tell) -> Decoded:
        """Decode every image, shorter side to the stored size, middle cut out.

        Raises:
            UsageError: files that cannot be read (by name), one class, an empty folder.
        """
        path, size = path_and_size(request)
        tree = find_tree(path)
        for name in tree.ignored:
            tell(f"{path / name} is not used: only train and test are")
        (files, labels_N), (test_files, test_labels_N) = train_and_test(tree)
        images = decode_files([*files, *test_files], size, scratch / "images.npy", tell)
        return Decoded(
            classes=tree.classes,
            images_NHWC=images[: len(files)],
            labels_N=labels_N,
            test_images_NHWC=images[len(files) :],
            test_labels_N=test_labels_N,
            route=f"folder {path}",
        )


Part = tuple[list[Path], np.ndarray]


def train_and_test(tree: ImageTree) -> tuple[Part, Part]:
    """Files and labels of the training and of the test split, in the order they are stored in."""
    labels_N = np.asarray(tree.labels, dtype=np.int64)
    if tree.test_files:
        test = list(tree.test_files), np.asarray(tree.test_labels, dtype=np.int64)
        return (list(tree.files), labels_N), test
    kept, held = hold_out(labels_N, TEST_SHARE, _TEST_SEED)
    return (
        ([tree.files[index] for index in kept], labels_N[kept]),
        ([tree.files[index] for index in held], labels_N[held]),
    )


def path_and_size(request: DataRequest) -> tuple[Path, int]:
    """The absolute path and the size; `folder:PATH@SIZE`, as stored data is called, works too."""
    argument, size = request.argument, request.image_size
    named = re.fullmatch(r"(.+)@(\d+)", argument)
    if named and not Path(argument).expanduser().exists():
        argument = named[1]
        if size not in (None, int(named[2])):
            raise UsageError(f"{request.argument!r} names another image size.", got=size)
        size = int(named[2])
    if not argument:
        raise UsageError("folder: needs the path of a folder.", hint="As in folder:/data/birds.")
    size = DEFAULT_SIZE if size is None else size
    if not SMALLEST_SIZE <= size <= LARGEST_SIZE:
        raise UsageError(
            f"Images are stored at {SMALLEST_SIZE} to {LARGEST_SIZE} pixels a side.", got=size
        )
    return Path(argument).expanduser().resolve(), size


SOURCE = Folder()
