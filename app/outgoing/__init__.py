"""Outgoing webhooks: addresses that are told of every change of an incident."""
