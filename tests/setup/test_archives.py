"""tools/install takes release archives, here from a local file server."""

import hashlib
import io
import platform
import re
import tarfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.setup.conftest import ROOT

MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
PLATFORM = f"{platform.system().lower()}-{MACHINE}"
PLATFORMS = {"linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"}
PROGRAM = '#!/bin/sh\necho "{name}, version {version}"\n'


class Files(BaseHTTPRequestHandler):
    """The file server: what is not there gets 404, and /silent sends half of its answer."""

    def do_GET(self):
        self.server.asked.append(self.path)
        content = self.server.files.get(self.path)
        self.send_response(200 if content else 404)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        if self.path == "/silent":
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self.server.ended.wait(60)
        else:
            self.wfile.write(content or b"")

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def file_server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    server.files, server.asked, server.ended = {}, [], threading.Event()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def files():
    with file_server() as server:
        yield server


@pytest.fixture
def newcomer(machine):
    """A machine whose Go only notes what it was asked to build."""
    build = 'while [ "$1" != -o ]; do shift; done; printf "#!/bin/sh\\n" >"$2"; chmod +x "$2"'
    machine.stub("go", f'case "$1" in version) echo go1.26.8 ;; list) echo a ;; build) {build} ;; esac')
    # Only the test of silence waits for it, and a second is enough there.
    fetch = machine.project / "tools/fetch"
    fetch.write_text(re.sub(r"^SILENCE=\d+", "SILENCE=1", fetch.read_text(), flags=re.MULTILINE))
    return machine


def archive(*names, version="3.14.0", folder="prometheus-3.14.0"):
    """Return a release archive of programs that print their version, with a path out of it."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as members:
        for name in (*(f"{folder}/{name}" for name in names), "../../outside"):
            program = PROGRAM.format(name=name.rpartition("/")[2], version=version).encode()
            member = tarfile.TarInfo(name)
            member.size = len(program)
            members.addfile(member, io.BytesIO(program))
    return content.getvalue()


def pin(machine, url, content, *, folder="prometheus", on=PLATFORM):
    line = f"{folder} {on} {hashlib.sha256(content).hexdigest()} {url}\n"
    (machine.project / "tools/archives.txt").write_text(line)


def built(machine):
    return [call for call in machine.calls("go") if call.startswith("go build")]


def left_over(machine):
    return [
        path.name
        for path in machine.project.rglob(".tools/**/*")
        if re.search(r"archives\.|new|part", path.name)
    ]


def test_a_program_is_taken_from_the_pinned_archive(newcomer, files):
    content = files.files["/prometheus.tar.gz"] = archive("prometheus", "promtool")
    pin(newcomer, f"{files.url}/prometheus.tar.gz", content)
    done = newcomer.run("tools/install", "promtool")
    assert done.returncode == 0, done.stderr
    assert "promtool is from the project's release archive" in done.stderr
    program = newcomer.project / ".tools/bin/promtool"
    assert program.read_text() == PROGRAM.format(name="promtool", version="3.14.0")
    assert built(newcomer) == left_over(newcomer) == []
    assert not (newcomer.project / "outside").exists()
    again = newcomer.run("tools/install", "promtool")
    assert (again.returncode, again.stderr, files.asked) == (0, "", ["/prometheus.tar.gz"])


def test_two_programs_of_one_archive_are_one_download(newcomer, files):
    content = files.files["/prometheus.tar.gz"] = archive("prometheus", "promtool")
    pin(newcomer, f"{files.url}/prometheus.tar.gz", content)
    assert newcomer.run("tools/install", "prometheus", "promtool").returncode == 0
    assert files.asked == ["/prometheus.tar.gz"]
    assert built(newcomer) == []


def test_a_fitting_tool_on_path_comes_before_the_archive(newcomer, files):
    content = files.files["/prometheus.tar.gz"] = archive("promtool")
    pin(newcomer, f"{files.url}/prometheus.tar.gz", content)
    newcomer.stub("promtool", "echo promtool, version 3.9.0")
    assert "found on PATH" in newcomer.run("tools/install", "promtool").stderr
    assert files.asked == []


def test_another_pinned_archive_is_taken_anew(newcomer, files):
    for version in ("3.14.0", "3.15.0"):
        content = files.files[f"/{version}"] = archive("promtool", version=version)
        pin(newcomer, f"{files.url}/{version}", content)
        assert newcomer.run("tools/install", "promtool").returncode == 0
    assert files.asked == ["/3.14.0", "/3.15.0"]


WRONG = {
    "wrong content": ("/wrong", "is not the one that tools/archives.txt pins"),
    "a missing archive": ("/missing", "404"),
    "silence": ("/silent", "the archive could not be had"),
}


@pytest.mark.parametrize(("path", "words"), WRONG.values(), ids=WRONG)
def test_an_archive_that_cannot_be_had_is_built_from_source(newcomer, files, path, words):
    files.files |= {"/wrong": archive("promtool", version="3.14.1"), "/silent": archive("promtool")}
    pin(newcomer, f"{files.url}{path}", archive("promtool"))
    done = newcomer.run("tools/install", "promtool")
    assert done.returncode == 0, done.stderr
    assert words in done.stderr
    assert "built promtool 3.14.0 in " in done.stderr
    assert len(built(newcomer)) == 1
    assert left_over(newcomer) == []
    assert newcomer.run("tools/install", "promtool").stderr == "", "what was built stays"


def test_a_server_that_refuses_is_passed_over(newcomer):
    with file_server() as gone:
        url = gone.url
    pin(newcomer, f"{url}/prometheus.tar.gz", archive("promtool"))
    done = newcomer.run("tools/install", "promtool")
    assert (done.returncode, len(built(newcomer))) == (0, 1)
    assert "the archive could not be had" in done.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (archive("prometheus"), "the archive holds no promtool"),
        (archive("promtool", version="2.0.0"), "promtool of the release archive does not run here"),
        (b"no archive", "the archive holds no promtool"),
    ],
    ids=["without the program", "of another version", "no archive"],
)
def test_a_pinned_archive_without_a_fitting_program_is_passed_over(newcomer, files, content, words):
    files.files["/prometheus.tar.gz"] = content
    pin(newcomer, f"{files.url}/prometheus.tar.gz", content)
    done = newcomer.run("tools/install", "promtool")
    assert words in done.stderr
    assert (done.returncode, len(built(newcomer)), left_over(newcomer)) == (0, 1, [])


def test_a_platform_without_an_archive_builds_at_once(newcomer, files):
    pin(newcomer, f"{files.url}/prometheus.tar.gz", archive("promtool"), on="plan9-mips")
    assert "building promtool" in newcomer.run("tools/install", "promtool").stderr
    assert files.asked == []


def test_the_table_pins_every_archive_for_four_platforms_over_https():
    lines = (ROOT / "tools/archives.txt").read_text().splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    by_folder = {folder: {row[1] for row in rows if row[0] == folder} for folder in {row[0] for row in rows}}
    assert set(by_folder) == {"prometheus", "alertmanager", "helm", "helm3", "kubeconform", "actionlint"}
    assert all(platforms == PLATFORMS for platforms in by_folder.values())
    for folder, on, digest, url in rows:
        assert (ROOT / "tools" / folder / "go.mod").exists()
        assert re.fullmatch(r"[0-9a-f]{64}", digest)
        assert re.match(r"https://(github\.com|get\.helm\.sh)/", url)
        assert on in url.replace("_", "-")
    assert len({row[2] for row in rows}) == len(rows)
