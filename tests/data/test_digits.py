"""`digits`: held against scikit-learn's arrays and Pillow's resampling."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from search_spaces.errors import UsageError
from trainables.data import load, open_test
from trainables.data.digits import upsample


def test_it_is_the_same_data_everywhere():
    data = load("digits")
    # Recorded with numpy 2.4.6 and scikit-learn 1.9; exact arithmetic, so no version may change it.
    assert data.digest == "c2804d4a5fd8d6eb"
    assert data.classes == tuple("0123456789")
    assert (data.images_NHWC.shape, data.images_NHWC.dtype) == ((1438, 32, 32, 3), np.uint8)
    assert (data.labels_N.dtype, data.test_count) == (np.int64, 359)  # 20 % of 1,797


def test_every_digit_is_in_one_split_and_a_fifth_of_each_class_is_for_testing():
    data = load("digits")
    test_images, test_labels = open_test(data, purpose="test")
    whole = upsample(load_digits().images)
    both = [*(image.tobytes() for image in data.images_NHWC), *(i.tobytes() for i in test_images)]
    assert sorted(both) == sorted(image.tobytes() for image in whole)
    share = np.bincount(test_labels) / np.bincount(load_digits().target)
    np.testing.assert_allclose(share, 0.2, atol=1 / 174)  # one image of the smallest class


def test_upsampling_is_pillows_bilinear():
    grey = load_digits().images[:50]
    for small, large in zip(grey, upsample(grey), strict=True):
        float_image = Image.fromarray((small * 255 / 16).astype(np.float32))
        expected = np.asarray(float_image.resize((32, 32), Image.Resampling.BILINEAR))
        for channel in range(3):
            np.testing.assert_allclose(large[..., channel], expected, atol=0.51)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("digits:8", {}, "nothing after a colon"),
        ("digits", {"data_dir": "/data"}, "no data folder"),
        ("digits", {"image_size": 64}, "32 pixels"),
    ],
)
def test_what_makes_no_sense_is_refused(name, options, said):
    with pytest.raises(UsageError, match=said):
        load(name, **options)
