"""The web server: one process with a fixed number of threads, and one more for ``/metrics``."""

from app import database
from app.automation import instructions
from app.config import Settings
from app.extensions import db
from app.factory import create_app
from app.heartbeats import arrivals
from app.ops import metrics
from app.ops.metrics import SLOTS, SPARE_THREADS
from app.web.security import MAX_BODY_BYTES
from serving import Certificate, Limits, Listener, exposition_application, serve

GRACE_S = 25
ARRIVAL_S = 30.0


def run(settings: Settings) -> None:
    """Serve until told to stop. Raises BindError and CertificateError."""
    certificate = Certificate.open(settings.tls_cert_file, settings.tls_key_file)
    app = create_app(settings)
    with app.app_context():
        database.answer_in_time(db.engine)
        arrivals.begin_to_listen()
    serve(
        [
            Listener(
                "OIMS_BIND", settings.bind, app, SLOTS + SPARE_THREADS, Limits(MAX_BODY_BYTES, ARRIVAL_S)
            ),
            Listener(
                "OIMS_METRICS_BIND",
                settings.metrics_bind,
                exposition_application(lambda: metrics.exposition(app)),
                threads=1,
            ),
        ],
        certificate=certificate,
        on_stop=instructions.STOPPING.set,
        grace_seconds=GRACE_S,
    )
