"""Pages of remediation."""

from flask import Blueprint

bp = Blueprint("remediation", __name__)
