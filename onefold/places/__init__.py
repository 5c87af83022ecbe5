"""Places that checkpoints are written to, outside the database. One interface, one file for each kind."""
