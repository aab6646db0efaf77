"""`folder:PATH`, held against torchvision's ImageFolder and tables worked out by hand."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from search_spaces.errors import UsageError
from trainables.data import fetch, load, open_test
from trainables.data.image_files import decode_file
from trainables.data.image_tree import find_tree

BLUE, RED = (0, 0, 255), (255, 0, 0)


def values(images_NHWC: np.ndarray) -> list[int]:
    """The grey value of each image of one grey."""
    return [int(image[0, 0, 0]) for image in images_NHWC]


@pytest.fixture
def noisy_tree(tmp_path: Path) -> Path:
    """Three classes of random 32 x 32 PNGs and one sub-folder, names in no helpful order."""
    rng = np.random.default_rng(0)
    for name in (
        "b/10.png",
        "b/9.PNG",
        "b/deeper/1.png",
        "a/x.png",
        "a/y.png",
        "C/z.png",
        "C/q.png",
    ):
        path = tmp_path / "noisy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(path)
    return tmp_path / "noisy"


def test_classes_files_and_pixels_are_those_of_torchvisions_image_folder(noisy_tree):
    from torchvision.datasets import ImageFolder

    theirs = ImageFolder(str(noisy_tree))
    ours = find_tree(noisy_tree)
    assert list(ours.classes) == theirs.classes == ["C", "a", "b"]
    assert [(str(p), k) for p, k in zip(ours.files, ours.labels, strict=True)] == theirs.samples
    for path, (pixels, _) in zip(ours.files, theirs, strict=True):
        np.testing.assert_array_equal(decode_file(path, 32), np.asarray(pixels))


def test_a_fifth_of_each_class_is_kept_for_testing(tmp_path, write_tree):
    data = load(f"folder:{write_tree(tmp_path / 'tree', {'cat': 20, 'dog': 10})}")
    test_images, test_labels = open_test(data, purpose="test")
    assert (data.name, data.classes) == (f"folder:{tmp_path / 'tree'}@32", ("cat", "dog"))
    assert np.bincount(data.labels_N).tolist() == [16, 8]
    assert np.bincount(test_labels).tolist() == [4, 2]
    assert sorted(values(data.images_NHWC) + values(test_images)) == [*range(20), *range(100, 110)]
    # The grey value says the class, so labels and images have stayed together.
    assert [value // 100 for value in values(data.images_NHWC)] == data.labels_N.tolist()
    assert [value // 100 for value in values(test_images)] == test_labels.tolist()


def test_a_class_with_one_image_is_trained_on(tmp_path, write_tree):
    data = load(f"folder:{write_tree(tmp_path / 'tree', {'many': 19, 'one': 1})}")
    assert np.bincount(data.labels_N).tolist() == [15, 1]
    assert data.test_count == 4


def test_two_images_leave_an_empty_test_split(tmp_path, write_tree):
    data = load(f"folder:{write_tree(tmp_path / 'tree', {'a': 1, 'b': 1})}")
    assert (len(data), data.test_count) == (2, 0)
    assert open_test(data, purpose="test")[0].shape == (0, 32, 32, 3)


def test_train_and_test_folders_are_official_splits(tmp_path, write_tree):
    write_tree(tmp_path / "set" / "train", {"a": 5, "b": 5})
    write_tree(tmp_path / "set" / "test", {"b": 3})  # label 1, though the first one here
    write_tree(tmp_path / "set" / "val", {"a": 2, "b": 2})
    said: list[str] = []
    data = load(f"folder:{tmp_path / 'set'}", progress=said.append)
    assert (data.classes, len(data), data.test_count) == (("a", "b"), 10, 3)
    assert open_test(data, purpose="test")[1].tolist() == [1, 1, 1]
    assert any("val is not used" in line for line in said)


def test_classes_called_train_and_test_are_classes(tmp_path, write_tree):
    data = load(f"folder:{write_tree(tmp_path / 'set', {'test': 5, 'train': 5})}")
    assert data.classes == ("test", "train")


# 64 wide, 32 high: columns 16 to 47 are the middle square.
@pytest.mark.parametrize(
    ("size", "blue_columns", "expected_left"),
    [((64, 32), range(16, 48), BLUE), ((32, 64), range(32), BLUE), ((64, 64), range(32), BLUE)],
)
def test_the_shorter_side_is_resized_and_the_middle_cut_out(
    tmp_path, size, blue_columns, expected_left
):
    width, height = size
    pixels = np.tile(np.array(RED, dtype=np.uint8), (height, width, 1))
    pixels[:, list(blue_columns)] = BLUE
    Image.fromarray(pixels).save(tmp_path / "x.png")
    square = decode_file(tmp_path / "x.png", 32)
    assert square.shape == (32, 32, 3)
    assert tuple(square[16, 4]) == expected_left
    right = {(64, 32): BLUE, (32, 64): BLUE, (64, 64): RED}[size]
    assert tuple(square[16, 27]) == right


def save_16_bit(path: Path) -> None:
    Image.fromarray(np.full((32, 32), 128 * 257, dtype=np.uint16)).save(path)


def save_palette(path: Path) -> None:
    image = Image.new("P", (32, 32), 7)
    image.putpalette([128] * 768)
    image.save(path)


def save_alpha(path: Path) -> None:
    Image.new("RGBA", (32, 32), (128, 128, 128, 255)).save(path)


def save_grey(path: Path) -> None:
    Image.new("L", (32, 32), 128).save(path)


def save_cmyk(path: Path) -> None:
    Image.new("CMYK", (32, 32), (0, 0, 0, 127)).save(path, quality=100)


@pytest.mark.parametrize(
    ("save", "suffix"),
    [
        *((save_16_bit, "png"), (save_palette, "png"), (save_alpha, "png")),
        *((save_grey, "png"), (save_grey, "jpeg"), (save_cmyk, "JPG")),
    ],
)
def test_every_kind_of_png_and_jpeg_becomes_rgb(tmp_path, save, suffix):
    save(tmp_path / f"x.{suffix}")
    pixels = decode_file(tmp_path / f"x.{suffix}", 32)
    assert (pixels.shape, pixels.dtype) == ((32, 32, 3), np.uint8)
    np.testing.assert_allclose(pixels, 128, atol=1)


def test_a_photograph_held_sideways_is_turned_upright(tmp_path):
    image = Image.new("RGB", (32, 32), RED)
    image.paste(BLUE, (0, 0, 32, 16))  # the upper half
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by 90 degrees clockwise; the upper half is then the right
    image.save(tmp_path / "x.png", exif=exif)
    pixels = decode_file(tmp_path / "x.png", 32)
    assert (tuple(pixels[16, 4]), tuple(pixels[16, 27])) == (RED, BLUE)


def test_a_large_jpeg_decoded_small_looks_as_if_decoded_whole(tmp_path):
    y, x = np.mgrid[0:512, 0:512] / 512
    smooth = np.stack([x, y, (np.sin(9 * x) + 1) / 2], axis=-1)
    Image.fromarray((smooth * 255).astype(np.uint8)).save(tmp_path / "x.jpg", quality=95)
    whole = Image.open(tmp_path / "x.jpg").resize((32, 32), Image.Resampling.BICUBIC)
    ours = decode_file(tmp_path / "x.jpg", 32)
    np.testing.assert_allclose(ours, np.asarray(whole), atol=4)


@pytest.mark.parametrize("size", [8, 48])
def test_image_size_is_the_size_stored(tmp_path, write_tree, size):
    tree = write_tree(tmp_path / "tree", {"a": 5, "b": 5})
    data = load(f"folder:{tree}", image_size=size)
    assert data.images_NHWC.shape[1:] == (size, size, 3)
    assert data.name == f"folder:{tree}@{size}"
    # The full name asks for the same again, from wherever it is said.
    assert load(data.name).folder == data.folder
    with pytest.raises(UsageError, match="another image size"):
        load(data.name, image_size=size + 1)


def test_a_changed_folder_is_read_again_and_the_old_one_forgotten(tmp_path, clean_home, write_tree):
    tree = write_tree(tmp_path / "tree", {"a": 5, "b": 5})
    first = load(f"folder:{tree}")
    other_size = load(f"folder:{tree}", image_size=16)
    assert load(f"folder:{tree}").folder == first.folder
    Image.new("RGB", (32, 32), (50, 50, 50)).save(tree / "a" / "new.png")
    second = load(f"folder:{tree}")
    assert (len(first), len(second)) == (8, 9)
    os.utime(tree / "a" / "new.png", ns=(time.time_ns(), time.time_ns() + 10**9))
    third = load(f"folder:{tree}")
    assert third.digest == second.digest and third.folder != second.folder
    kept = {path.name for path in (clean_home / "data").iterdir() if path.is_dir()}
    assert kept == {third.folder.name, other_size.folder.name}
    assert values(first.images_NHWC), "whoever has the old one mapped keeps it"


def damage_text(path: Path) -> None:
    path.write_text("not an image")


def damage_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:60])


def damage_empty(path: Path) -> None:
    path.write_bytes(b"")


def damage_gif(path: Path) -> None:
    Image.new("L", (32, 32)).save(path, format="GIF")


def damage_gone(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere.png")


def damage_bomb(path: Path) -> None:
    Image.new("1", (10_000, 10_000)).save(path)  # 100 megapixels in 13 kB


def damage_large_bomb(path: Path) -> None:
    Image.new("1", (20_000, 10_000)).save(path)  # more than what Pillow itself opens


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (damage_text, "cannot identify"),
        (damage_cut, "runcated|not enough|broken|cannot"),
        (damage_empty, "cannot identify"),
        (damage_gif, "cannot identify"),
        (damage_gone, "No such file"),
        (damage_bomb, "10000 x 10000 pixels"),
        (damage_large_bomb, "20000 x 10000|decompression bomb"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, clean_home, write_tree, damage, said):
    tree = write_tree(tmp_path / "tree", {"a": 5, "b": 5})
    damage(tree / "b" / "003.png")
    with pytest.raises(UsageError, match=said) as error:
        load(f"folder:{tree}")
    assert "1 of 10" in str(error.value)
    assert str(error.value).count(str(tree / "b" / "003.png")) == 1
    assert not [path for path in (clean_home / "data").iterdir() if path.is_dir()]


def test_many_unreadable_files_are_counted_and_ten_named(tmp_path, write_tree):
    tree = write_tree(tmp_path / "tree", {"a": 15, "b": 15})
    for index in range(12):
        (tree / "a" / f"{index:03d}.png").write_text("not an image")
    with pytest.raises(UsageError, match="12 of 30") as error:
        load(f"folder:{tree}")
    assert str(error.value).count(".png:") == 10
    assert "and 2 more" in str(error.value)


def one_class(root: Path) -> None:
    (root / "only").mkdir(parents=True)
    Image.new("L", (8, 8)).save(root / "only" / "x.png")


def loose_images(root: Path) -> None:
    root.mkdir()
    Image.new("L", (8, 8)).save(root / "x.png")


def class_without_images(root: Path) -> None:
    one_class(root)
    (root / "void").mkdir()
    (root / "void" / "notes.txt").write_text("nothing to see")


def no_test_split(root: Path) -> None:
    for split in ("train", "val"):
        one_class(root / split)


def nothing(root: Path) -> None:
    assert not root.exists()


def strange_test_class(root: Path) -> None:
    for split, name in (("train", "a"), ("train", "b"), ("test", "z")):
        (root / split / name).mkdir(parents=True)
        Image.new("L", (8, 8)).save(root / split / name / "x.png")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (one_class, r"one folder a class, two at least.*only; 0 images"),
        (loose_images, "no folder; 1 images"),
        (Path.mkdir, "no folder; 0 images"),
        (class_without_images, "void"),
        (no_test_split, r"train and test must both be there.*keeps 20 %"),
        (strange_test_class, "'z'"),
        (Path.touch, "a folder that exists"),
        (nothing, "a folder that exists"),
    ],
)
@pytest.mark.parametrize("function", [load, fetch])
def test_a_folder_that_is_not_as_it_must_be_is_refused(tmp_path, make, said, function):
    make(tmp_path / "tree")
    with pytest.raises(UsageError, match=said):
        function(f"folder:{tmp_path / 'tree'}")


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("folder", {}, "needs the path"),
        ("folder:", {}, "needs the path"),
        ("folder:/tmp", {"image_size": 4}, "8 to 512"),
        ("folder:/tmp", {"image_size": 1000}, "8 to 512"),
        ("folder:/tmp", {"data_dir": Path("/data")}, "no data folder"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(name, options, said):
    with pytest.raises(UsageError, match=said):
        load(name, **options)


def test_hidden_files_and_folders_are_left_out(tmp_path, write_tree):
    tree = write_tree(tmp_path / "tree", {"a": 5, "b": 5})
    (tree / "a" / "._000.png").write_text("what macOS leaves")
    (tree / "a" / ".ipynb_checkpoints").mkdir()
    (tree / "a" / ".ipynb_checkpoints" / "copy.png").write_text("a copy")
    (tree / ".git").mkdir()
    (tree / "__MACOSX").mkdir()
    assert len(find_tree(tree).files) == 10
