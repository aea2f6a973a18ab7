"""Who is on call: teams, schedules with their layers, overrides, shifts and gaps."""
