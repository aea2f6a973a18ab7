"""Debian's mail servers: Exim, Postfix with its test server, and OpenSMTPD.

Exim and `smtp-sink` run without root. The others start for root alone, with users of their own: they get
those, and the folders that are built into them, in a mount namespace, so that the system keeps none of it.
"""

import os
import subprocess
from typing import ClassVar

import pytest

from tests.servers import LIBRARIES, NOBODY, PLACE, Server
from tests.waiting import until

PRIVATE = ("unshare", "--mount", "--propagation", "private")


def _can_have_its_own_users():
    return (
        os.getuid() == 0
        and subprocess.run([*PRIVATE, "true"], capture_output=True, check=False).returncode == 0
    )


root_needed = pytest.mark.skipif(
    not _can_have_its_own_users(), reason="it starts for root alone, in a mount namespace"
)


class Exim(Server):
    """Exim, which keeps what it takes in its spool; the arguments are parts of its configuration."""

    def __init__(self, folder, port=None, *, options=(), recipient="accept", data="accept", user=None):
        super().__init__(folder, port)
        mail = ["begin acl", "recipient:", f"  {recipient}", "data:", f"  {data}"]
        if user:
            name, password = user
            mail += ["begin authenticators", "plain:", "  driver = plaintext", "  public_name = PLAIN"]
            mail += ["  server_prompts = :"]
            both = f"{{eq{{$auth2}}{{{name}}}}}{{eq{{$auth3}}{{{password}}}}}"
            mail += [f"  server_condition = ${{if and{{{both}}}}}"]
        lines = [
            "primary_hostname = mail.example.test",
            f"spool_directory = {folder}/spool",
            f"log_file_path = {folder}/log/%slog",
            f"pid_file_path = {folder}/pid",
            f"daemon_smtp_ports = {self.port}",
            "local_interfaces = 127.0.0.1",
            "queue_only",
            "keep_environment =",
            "acl_smtp_rcpt = recipient",
            "acl_smtp_data = data",
            *options,
            *mail,
        ]
        (folder / "exim.conf").write_text("\n".join(lines) + "\n")

    def start(self):
        """Start it under the name that Debian built into it, whoever that is here."""
        user, group = (NOBODY, NOBODY) if os.getuid() == 0 else (os.getuid(), os.getgid())
        (self.folder / "passwd").write_text(
            f"root:x:0:0::/:/bin/false\nDebian-exim:x:{user}:{group}::/:/bin/false\n"
        )
        (self.folder / "group").write_text(f"root:x:0:\nDebian-exim:x:{group}:\n")
        return self.run(
            PLACE / "usr/sbin/exim4",
            *("-C", self.folder / "exim.conf", "-bdf"),
            LD_PRELOAD=str(LIBRARIES / "libnss_wrapper.so"),
            NSS_WRAPPER_PASSWD=str(self.folder / "passwd"),
            NSS_WRAPPER_GROUP=str(self.folder / "group"),
        )

    def mails(self):
        """Return what each mail has below its head, as it came."""
        return [path.read_bytes() for path in sorted((self.folder / "spool/input").rglob("*-D"))]


class Sink(Server):
    """Postfix's own test server; the options are those of smtp-sink(1)."""

    def __init__(self, folder, port=None, *, options=()):
        super().__init__(folder, port)
        self.options = options

    def start(self):
        """Start it; it writes each mail to a file."""
        sink, mail = PLACE / "usr/sbin/smtp-sink", self.folder / "mail"
        return self.run(sink, *self.options, "-d", mail, f"127.0.0.1:{self.port}", "10")

    def mails(self):
        """Return each mail with what it was sent in."""
        return [path.read_bytes() for path in sorted(self.folder.glob("mail*"))]


class _WithUsers(Server):
    """A server that starts as root and goes on as users of its own."""

    USERS: ClassVar[dict[str, int]] = {}

    def __init__(self, folder, port=None):
        super().__init__(folder, port)
        folder.chmod(0o755)
        self.work = folder / "work"
        self.work.mkdir()
        names = {"root": 0, "nobody": NOBODY, **self.USERS}
        for kind, line in (("passwd", "{0}:x:{1}:{1}::/:/bin/false\n"), ("group", "{0}:x:{1}:\n")):
            (folder / kind).write_text("".join(line.format(*user) for user in names.items()))

    def run_with_users(self, *command, before=()):
        """Start it where its users are the system's; ``before`` are commands of a shell."""
        mounts = [f"mount --bind {self.folder / kind} /etc/{kind}" for kind in ("passwd", "group")]
        script = "; ".join([*mounts, *before, 'exec "$@"'])
        return self.run(*PRIVATE, "sh", "-ec", script, "sh", *command, keeps_root=True)


class Postfix(_WithUsers):
    """The whole of Postfix, which keeps each mail in a Maildir; the lines are those of main.cf."""

    USERS = {"postfix": 4711, "postdrop": 4712}  # noqa: RUF012 - a table, never changed
    QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop")
    SERVICES = (
        ("cleanup", "unix n - n - 0 cleanup"),
        ("qmgr", "unix n - n 300 1 qmgr"),
        ("rewrite", "unix - - n - - trivial-rewrite"),
        *((name, "unix - - n - 0 bounce") for name in ("bounce", "defer", "trace")),
        *((name, "unix - - n - - error") for name in ("error", "retry")),
        ("virtual", "unix - n n - - virtual"),
        ("anvil", "unix - - n - 1 anvil"),
        ("tlsmgr", "unix - - n 1000? 1 tlsmgr"),
        ("postlog", "unix-dgram n - n - 1 postlogd"),
    )

    def __init__(self, folder, port=None, *, lines=()):
        super().__init__(folder, port)
        self._make_folders()
        own = {
            "compatibility_level": "3.6",
            "queue_directory": self.work,
            "data_directory": folder / "data",
            "daemon_directory": PLACE / "usr/lib/postfix/sbin",
            "command_directory": PLACE / "usr/sbin",
            "shlib_directory": "no",
            "myhostname": "mail.example.test",
            "inet_protocols": "ipv4",
            "import_environment": "MAIL_CONFIG LD_LIBRARY_PATH PATH",
            "mydestination": "",
            "alias_maps": "",
            "local_recipient_maps": "",
            "virtual_mailbox_domains": "static:all",
            "virtual_mailbox_maps": "static:box/",
            "virtual_mailbox_base": folder,
            "virtual_uid_maps": f"static:{NOBODY}",
            "virtual_gid_maps": f"static:{NOBODY}",
            "maillog_file": folder / "log",
            "maillog_file_prefixes": folder,
        }
        main = [f"{name} = {value}" for name, value in own.items()]
        (folder / "etc/main.cf").write_text("\n".join([*main, *lines]) + "\n")
        services = [f"127.0.0.1:{self.port} inet n - n - - smtpd"]
        services += [f"{name} {line}" for name, line in self.SERVICES]
        (folder / "etc/master.cf").write_text("\n".join(services) + "\n")

    def _make_folders(self):
        for name in ("etc", "data", "box"):
            (self.folder / name).mkdir()
        for name in (*self.QUEUES, "private", "public", "pid", "saved", "trace"):
            (self.work / name).mkdir()
            os.chown(self.work / name, 0 if name == "pid" else self.USERS["postfix"], 0)
        os.chown(self.folder / "data", self.USERS["postfix"], 0)
        os.chown(self.folder / "box", NOBODY, NOBODY)

    def start(self):
        """Start its master, which starts the others."""
        master = PLACE / "usr/lib/postfix/sbin/master"
        return self.run_with_users(master, "-c", self.folder / "etc", "-d")

    def mails(self):
        """Return each mail, once all that were taken are delivered."""
        on_the_way = [self.work / name for name in ("maildrop", "incoming", "active", "deferred")]
        until(lambda: not any(path.is_file() for place in on_the_way for path in place.rglob("*")), 60)
        return [path.read_bytes() for path in sorted((self.folder / "box").glob("new/*"))]


class Opensmtpd(_WithUsers):
    """OpenSMTPD, which keeps each mail in its queue; the options and lines are those of smtpd.conf."""

    USERS = {"opensmtpd": 4711, "opensmtpq": 4712}  # noqa: RUF012 - a table, never changed

    def __init__(self, folder, port=None, *, listener="", lines=()):
        super().__init__(folder, port)
        listens = f"listen on 127.0.0.1 port {self.port} hostname mail.example.test {listener}"
        rules = ['action "kept" relay host smtp://127.0.0.1:1', 'match from any for any action "kept"']
        (folder / "smtpd.conf").write_text("\n".join([*lines, listens, *rules]) + "\n")

    def start(self):
        """Start it, with the folders that are built into it."""
        empty = [f"mount -t tmpfs none /{place}" for place in ("run", "var/lib", "var/spool")]
        before = [
            *empty,
            "mkdir -m 711 -p /var/spool/smtpd /var/lib/opensmtpd/empty",
            f"mount --bind {self.work} /var/spool/smtpd",
            "chmod 711 /var/spool/smtpd",
        ]
        command = (PLACE / "usr/sbin/smtpd", "-F", "-f", self.folder / "smtpd.conf")
        return self.run_with_users(*command, before=before)

    def mails(self):
        """Return each mail as it waits in the queue."""
        return [path.read_bytes() for path in sorted(self.work.glob("queue/*/*/message"))]
