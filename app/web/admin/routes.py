"""All pages of administration."""

from app.web.admin import audit, first_steps, mails, people, settings, tokens, webhooks
from app.web.admin.blueprint import bp

__all__ = ["audit", "bp", "first_steps", "mails", "people", "settings", "tokens", "webhooks"]
