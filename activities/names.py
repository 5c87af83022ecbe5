"""Names of activities: stable, because they stay in histories for ever."""

PREPARE = "prepare"
MERGE = "merge"
