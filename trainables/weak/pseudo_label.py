"""Self-training (Lee 2013): the head's own predictions, where it is sure of them, as labels.

Each round labels anew all images whose likeliest class is at least as likely as the threshold, and
trains the next round's head on them and on the true labels.

Shapes: M images without a label, K classes.
"""

from __future__ import annotations

import numpy as np

from search_spaces.options import Option
from trainables.subsets.head import fit_head
from trainables.weak.kind import POOL, Labelling, PseudoLabels, WeakMethod

THRESHOLD = Option("threshold", 0.9, "the least probability of a pseudo-label", high=1)
ROUNDS = Option(
    "rounds", 3, "times that heads are trained and images labelled anew", low=1, whole=True
)


def label(task: Labelling) -> PseudoLabels:
    """Those of the last round; ends sooner where a round changes nothing."""
    rest_M = task.unlabelled_M
    pseudo = PseudoLabels(np.empty(0, np.int64), np.empty(0, np.int64))
    for _ in range(int(task.number(ROUNDS.name))):
        before, pseudo = pseudo, sure(task, pseudo, rest_M)
        same = np.array_equal(before.rows_P, pseudo.rows_P)
        if same and np.array_equal(before.labels_P, pseudo.labels_P):
            break
    return pseudo


def sure(task: Labelling, pseudo: PseudoLabels, rest_M: np.ndarray) -> PseudoLabels:
    """What a head that is trained on labels and `pseudo` is sure of, of all of `rest_M`."""
    rows = np.concatenate([task.labelled_B, pseudo.rows_P])
    labels = np.concatenate([task.labels_B, pseudo.labels_P])
    head = fit_head(task.features_NF, rows, labels, classes=task.classes, seed=task.seed)
    probabilities_MK = head.probabilities(task.features_NF)[rest_M]
    sure_M = probabilities_MK.max(axis=1) >= task.number(THRESHOLD.name)
    return PseudoLabels(rest_M[sure_M], probabilities_MK.argmax(axis=1)[sure_M])


PSEUDO_LABEL = WeakMethod(
    name="pseudo_label",
    sentence="a head labels what it is sure of and learns from it, in rounds (Lee 2013)",
    label=label,
    options=(THRESHOLD, ROUNDS, POOL),
)
