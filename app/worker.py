"""The worker: takes in alerts, sends messages, and tells that it lives. Several may run at once."""

import os
import secrets
import signal
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from types import FrameType

import structlog
from flask import Flask
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from app.accounts import resets, sessions
from app.accounts.factors import challenges, pending
from app.alerts.consumer import Consumer
from app.api import idempotency
from app.automation import lost
from app.clock import now
from app.config import Settings
from app.contacts.sending import Messenger
from app.contacts.web_push import Pusher
from app.database import transaction
from app.escalations import pager
from app.extensions import db
from app.heartbeats.watch import Watch
from app.notify.sender import Sender
from app.oncall import notices
from app.outgoing.sending import WebhookCaller
from app.records.channels import Channel
from app.records.operations import WorkerHeartbeat

log = structlog.get_logger()

HEARTBEAT_S = 15.0
CLEAN_EVERY_S = 3600.0
FORGET_WORKER_AFTER = timedelta(hours=1)
GRACE_S = 15.0
PAUSE_AFTER_DEFECT_S = 5.0

type Loop = Callable[[Event], None]


def run(app: Flask, settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; then finish what is in hand, at most 15 s."""
    stop = Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"[-128:]
    loops: dict[str, Loop] = {
        "mail": Sender(settings, name).run,
        "messages": Sender(settings, name, Channel.MESSAGING, Messenger).run,
        "pushes": Sender(settings, name, Channel.WEB_PUSH, Pusher).run,
        "more_messages": Sender(settings, name, Channel.MESSAGING, Messenger).run,
        "webhooks": Sender(settings, name, Channel.WEBHOOK, WebhookCaller).run,
        "more_webhooks": Sender(settings, name, Channel.WEBHOOK, WebhookCaller).run,
        "heartbeat": lambda event: _beat(name, settings, event),
        "runs": lambda event: lost.watch(settings, event),
        "pages": pager.run,
        "heartbeats": lambda event: Watch().run(event),
        "schedules": notices.run,
    }
    if settings.journal_url:
        loops["journal"] = Consumer(settings).run
    else:
        log.warning("alerts_are_off", hint="set OIMS_JOURNAL_URL and OIMS_JOURNAL_TOKEN to take in alerts")
    threads = [
        Thread(target=_keep_running, args=(app, title, loop, stop), name=title, daemon=True)
        for title, loop in loops.items()
    ]
    for thread in threads:
        thread.start()
    log.info("worker_started", worker=name, loops=sorted(loops))
    _keep_pulse(threads, settings.worker_pulse, stop)
    _finish(threads)
    log.info("worker_stopped", worker=name)


def _keep_pulse(threads: list[Thread], pulse: Path | None, stop: Event) -> None:
    """Touch the file until told to stop, as long as every thread lives.

    No database is asked: its failure is no reason to restart the worker.
    """
    while True:
        if pulse is not None and all(thread.is_alive() for thread in threads):
            try:
                pulse.touch()
            except OSError as error:
                log.warning("pulse_not_written", file=str(pulse), reason=error.strerror)
        if stop.wait(HEARTBEAT_S):
            return


def _finish(threads: list[Thread]) -> None:
    """Wait for messages in hand. A long-poll may be cut: what it would bring stays in the journal."""
    for thread in threads:
        if thread.name != "journal":
            thread.join(GRACE_S)


def _keep_running(app: Flask, title: str, loop: Loop, stop: Event) -> None:
    """Start a loop again when a defect ends it: one bad thing must not silence the rest for good."""
    while not stop.is_set():
        try:
            with app.app_context():
                loop(stop)
        except Exception:
            log.exception("loop_failed", loop=title, retry_in_s=PAUSE_AFTER_DEFECT_S)
            stop.wait(PAUSE_AFTER_DEFECT_S)


def _beat(name: str, settings: Settings, stop: Event) -> None:
    pause_s = min(HEARTBEAT_S, settings.worker_silent_after.total_seconds() / 4)
    cleaned_at = 0.0
    waited = 0.0
    while not stop.is_set():
        try:
            with transaction():
                db.session.merge(WorkerHeartbeat(worker=name, at=now()))
                db.session.execute(
                    delete(WorkerHeartbeat).where(WorkerHeartbeat.at < now() - FORGET_WORKER_AFTER)
                )
            if waited >= cleaned_at:
                sessions.delete_ended()
                resets.delete_ended()
                challenges.delete_ended()
                pending.delete_ended()
                idempotency.forget_old()
                cleaned_at = waited + CLEAN_EVERY_S
        except SQLAlchemyError as error:
            log.warning("heartbeat_not_stored", error=type(error).__name__)
        stop.wait(pause_s)
        waited += pause_s
