"""Which mails about incidents a person wants."""
