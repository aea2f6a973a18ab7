"""All tables in one place, for migrations and tests."""

from app.accounts import models as accounts
from app.accounts.factors import models as factors
from app.alerts import models as alerts
from app.api import models as api
from app.database import Base
from app.incidents import models as incidents
from app.maintenance import models as maintenance
from app.notify import models as notify
from app.ops import models as ops
from app.remediation import models as remediation
from app.subscriptions import models as subscriptions

__all__ = [
    "accounts",
    "alerts",
    "api",
    "factors",
    "incidents",
    "maintenance",
    "metadata",
    "notify",
    "ops",
    "remediation",
    "subscriptions",
]

metadata = Base.metadata
