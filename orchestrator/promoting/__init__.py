"""From the best trial to the model in use: finalists again, a choice, a decision, the registry."""
