"""`orchestrator attack STUDY`: the trials that lead a study, under ever stronger attacks."""
