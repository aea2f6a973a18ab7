"""The parts of a release as the demo's scenario asks for them."""

from types import SimpleNamespace

from demo.parts import Mail, Parts
from tests.e2e.release import mails


class ReleaseParts(Parts):
    """The demo's view of the parts, through port-forwards and the pods' logs."""

    def __init__(self, release, monitor):
        addresses = SimpleNamespace(url=lambda part: release.forward(part).url)
        secrets = SimpleNamespace(secret=lambda name: release.secret("webhook", name), log=monitor.log.parent)
        super().__init__(addresses, secrets, release.token())
        self._release = release
        self._answers_before = len(self._answers())

    def webhook_answers(self, path="/"):
        """Return what was answered since this view was made; `helm test` has provoked refusals before."""
        return [status for at, status in self._answers()[self._answers_before :] if at == path]

    def _answers(self):
        lines = [line for line in self._release.log("webhook", "webhook") if line.get("kind") == "access"]
        return [(line["path"], line["status"]) for line in lines if line.get("method") == "POST"]

    def mails(self):
        return [Mail(mail["subject"], mail["recipients"]) for mail in mails(self._release.namespace)]


class AppPods:
    """The app's pod in the place of the demo's process."""

    def __init__(self, release):
        self._release = release

    def pid(self, _program):
        """Return the UID of the app's pod, None while there is not exactly one that is ready."""
        ready = self._release.ready_pods("app")
        return next(iter(ready)) if len(ready) == 1 else None
