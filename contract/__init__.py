"""What webhook, app, automation and cli share, and nothing else.

A module here knows no framework but pydantic and imports none of the parts, so every image can carry it.
"""
