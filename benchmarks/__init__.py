"""The bench: any presets and baselines, on any clips and holes, at any budgets, in one table."""
