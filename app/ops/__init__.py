"""What operators need: health, metrics, the audit trail."""
