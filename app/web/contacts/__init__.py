"""A person's page of contact methods and rules."""
