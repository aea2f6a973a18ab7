"""The intake of alert events from the webhook's journal."""
