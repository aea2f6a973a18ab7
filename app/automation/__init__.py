"""What the automation decided and did, as it reports it."""
