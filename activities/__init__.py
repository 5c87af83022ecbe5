"""The steps that touch the world, one verb per file."""
