"""Pages on which people choose mails."""
