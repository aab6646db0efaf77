"""A ladder of attacks: cheap ones for many nets, dear ones for the few that are left.

Each rung has a budget, stops as soon as the decision that it serves is settled, and says what it
spent (`climbing.py`). When it is settled is told by bounds that hold at every look (`verdict.py`).
"""
