"""After an incident: what happened, why, and what is to be done so that it doesn't come back."""
