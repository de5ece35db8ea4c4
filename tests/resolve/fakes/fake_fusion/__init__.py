"""A stand-in for a Fusion composition that keeps state, renders real EXRs and has Fusion's traps."""
