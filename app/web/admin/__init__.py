"""Pages for those who run the installation; the guard in security.py lets only administrators in."""
