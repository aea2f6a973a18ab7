"""Following the journal and acting on it, for as long as the process lives."""
