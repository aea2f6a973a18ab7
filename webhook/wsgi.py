"""The server: one process of eight threads, and one more for ``/metrics``."""

from serving import Certificate, Limits, Listener, exposition_application, serve
from webhook import create_app
from webhook.config import Settings
from webhook.payload import MAX_BODY_BYTES

THREADS = 8
GRACEFUL_SECONDS = 25
ARRIVAL_SECONDS = 10.0


def run(settings: Settings) -> None:
    """Serve until told to stop, then let the application finish. Raises BindError and CertificateError."""
    certificate = Certificate.open(settings.tls_cert_file, settings.tls_key_file)
    webhook = create_app(settings)
    listeners = [
        Listener(
            "OIMS_WEBHOOK_BIND",
            settings.webhook_bind,
            webhook,
            THREADS,
            Limits(MAX_BODY_BYTES, ARRIVAL_SECONDS),
            has_rounds=True,
            on_slow=webhook.metrics.rejected.labels("slow").inc,
        ),
        Listener(
            "OIMS_WEBHOOK_METRICS_BIND",
            settings.webhook_metrics_bind,
            exposition_application(webhook.exposition),
            threads=1,
        ),
    ]
    try:
        serve(listeners, certificate=certificate, on_stop=webhook.interrupt, grace_seconds=GRACEFUL_SECONDS)
    finally:
        webhook.close()
