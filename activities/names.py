"""Names of activities: stable, because they stay in histories for ever."""

PREPARE = "prepare"
PROPOSE = "propose"
REMIND = "remind"
MERGE = "merge"
END = "end"
