"""Pages after an incident."""
