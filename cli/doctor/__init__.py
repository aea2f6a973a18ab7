"""`oims doctor`: reads the three databases of an installation and says whether they agree."""
