"""The classifier as it is served: raw uint8 images in either layout, exportable as one graph.

Shapes: N images, H W C an image of C = 3 channels, K classes.
"""

from __future__ import annotations

import torch
from torch import nn

from trainables.model import PixelClassifier


class ServedClassifier(nn.Module):
    """uint8 RGB images, [N, H, W, 3] or [N, 3, H, W], any N, H and W -> logits [N, K].

    Where both could be meant (3 pixels wide and high), the channels are taken to come last.

    The layout is looked at inside the graph (`torch.cond`), so that one exported file takes
    both: a Python `if` would be settled by the example at the time of export. Each branch resizes
    as well, because the branches of a `cond` must give equal shapes.

    Args:
        classifier: in eval mode; its parts are shared, not copied.
    """

    channels_C: torch.Tensor

    def __init__(self, classifier: PixelClassifier) -> None:
        super().__init__()
        self.preprocess = classifier.preprocess
        self.body = classifier.body
        self.head = classifier.head
        self.register_buffer("channels_C", torch.arange(3), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits; an error for images whose channels are not three."""
        first, last = images.shape[1], images.shape[3]
        # As a product: an `or` of two symbolic sizes would be settled at the time of export.
        torch._check((first - 3) * (last - 3) == 0, lambda: "Images must have three channels.")
        ready_NCHW = torch.cond(last == 3, self._from_last, self._from_first, (images,))
        return self.head(self.body(ready_NCHW))

    def _from_last(self, images_NHWC: torch.Tensor) -> torch.Tensor:
        return self._from_first(images_NHWC.permute(0, 3, 1, 2))

    def _from_first(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        # Picking the channels gives their number a fixed value of 3 in the graph.
        return self.preprocess(images_NCHW.index_select(1, self.channels_C))
