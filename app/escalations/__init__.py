"""Whom to page about an incident, and when: chains, routes, and the worker that goes through the steps."""
