"""Contact methods of people: added, proved, tested and removed; the rules by which people are told."""
