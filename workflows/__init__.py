"""What happens in which order, and who waits for whom. Deterministic, and small."""
