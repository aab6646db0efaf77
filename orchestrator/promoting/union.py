"""Candidate and champion under the union of their attacks: each meets what broke the other, too.

Both attacks ran on the same test images. An attack that fails on a net, by bad luck or because the
net hides its gradients, would favour that net; so what broke the one is tried on the other, both
ways, and the figures that are compared are those under both. What `orchestrator attack` has kept
of a study is of validation images, so none of it can serve here.

Shapes: N images of the test split, M of them attacked, E epsilons (the first one 0).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict, dataclass, replace

import numpy as np
from torch import nn

from orchestrator.promoting.evidence import Showing, Survival, Transferred
from orchestrator.promoting.measuring import TestImages
from trainables.attacks.alarms import BLACK_BOX_LIMIT, Alarm
from trainables.attacks.transfer import Transferable, transfer
from trainables.reports import Progress

_LEAST_IMAGES = 3


@dataclass(frozen=True, eq=False)
class Attacked:
    """One net after its own attack.

    Args:
        name: what it is called, such as `version 3`.
        showing: under its own attack alone.
        broke: what that attack found; None where nothing was attacked.
    """

    name: str
    net: nn.Module
    showing: Showing
    broke: Transferable | None


def score_together(
    one: Attacked, other: Attacked, test: TestImages
) -> Generator[Progress, None, tuple[Showing, Showing]]:
    """Both under the union; as they are where one of them was not attacked.

    Each meets what the other's own attack found, not what was left of it: so it makes no difference
    which comes first.
    """
    first = yield from _under_both(one, other, test)
    second = yield from _under_both(other, one, test)
    return first, second


def _under_both(
    net: Attacked, other: Attacked, test: TestImages
) -> Generator[Progress, None, Showing]:
    own = net.showing.survival
    if own is None or other.broke is None:
        return net.showing
    rows_M = test.attacked_M[: len(own.right_ME)]
    found = yield from transfer(
        other.broke,
        net.net,
        test.images_NHWC[rows_M],
        test.labels_N[rows_M],
        own.right_ME,
        own.eps_255,
        str(own.specification.get("norm", "linf")),
    )
    lost_ME = own.right_ME & ~found.right_NE
    told = Transferred(
        alone_E=own.accuracy_E,
        fell_E=tuple(int(count) for count in lost_ME.sum(axis=0)),
        images=int(lost_ME.any(axis=1).sum()),
        passes=found.passes,
        seconds=found.seconds,
    )
    names = sorted((net.name, other.name))
    known = {**own.provenance, "union": names, "transferred": asdict(told)}
    scored = replace(own, right_ME=found.right_NE, provenance=known, transferred=told)
    return replace(net.showing, survival=_with_sign(scored, lost_ME, other.name))


def _with_sign(survival: Survival, lost_ME: np.ndarray, other: str) -> Survival:
    """With a warning where the other's perturbations broke more than an attack may overlook."""
    e = int(lost_ME.sum(axis=0).argmax())
    share = float(lost_ME[:, e].mean())
    if share <= BLACK_BOX_LIMIT or lost_ME[:, e].sum() < _LEAST_IMAGES:
        return survival
    words = (
        f"Of all attacked images {share:.0%} stood under its own attack at eps "
        f"{survival.eps_255[e]:g}/255 and fell to what had broken {other}: that attack is too weak "
        "for it, or its gradients are masked."
    )
    alarm = Alarm("transfer_wins", share, words)
    alarms = [*(survival.provenance.get("alarms") or ()), asdict(alarm)]
    provenance = {**survival.provenance, "alarms": alarms}
    return replace(survival, provenance=provenance, warnings=(*survival.warnings, words))
