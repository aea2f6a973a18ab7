"""`make release` without a container tool; tests/e2e/test_release.py makes one for real."""

import hashlib
import re
import subprocess
import sys

import pytest
import yaml

from tests.chart.rendering import CHART
from tests.setup.conftest import ROOT
from tools.changelog import NoSectionError, released, section
from tools.release import ReleaseError, checksums, pinned_values
from tools.sbom import ImageError, document, read

DIGESTS = {
    part: f"sha256:{number * 64}"
    for part, number in zip(("app", "webhook", "automation"), "123", strict=True)
}
LOG = """# Changelog

## Unreleased

### Added

- A door.

## [0.1.0] - 2026-01-02

- All.
"""


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("0.2.0",),
        ("", "registry.example.org"),
        ("v0.2.0", "registry.example.org"),
        ("0.2", "registry.example.org"),
        ("0.2.0+build", "registry.example.org"),
        ("0.2.0", "https://registry.example.org"),
        ("0.2.0", "--help"),
        ("0.2.0", "registry.example.org/Upper"),
    ],
)
def test_a_version_or_registry_of_another_form_is_refused(arguments):
    command = [sys.executable, "-m", "tools.release", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "make release VERSION=0.2.0" in done.stderr


def test_the_packed_values_name_the_pushed_images_and_keep_their_comments():
    text = (CHART / "values.yaml").read_text(encoding="utf-8")
    pinned = pinned_values(text, "registry.example.org:5000/oims", DIGESTS)
    values = yaml.safe_load(pinned)
    for part, image in (
        ("app", values["app"]["image"]),
        ("webhook", values["webhook"]["image"]),
        ("automation", values["automation"]["inCluster"]["image"]),
    ):
        assert image["registry"] == "registry.example.org:5000/oims"
        assert image["digest"] == DIGESTS[part]
    assert re.findall(r"#.*", pinned) == re.findall(r"#.*", text)
    assert values["prometheus"]["image"]["registry"] == "docker.io"


def test_values_without_the_image_of_a_part_are_refused():
    with pytest.raises(ReleaseError, match="no image of app"):
        pinned_values("app: {}", "registry.example.org", DIGESTS)


def test_unreleased_changes_become_the_section_of_the_version():
    text, notes = released(LOG, "0.2.0", "2026-03-04")
    assert notes == "### Added\n\n- A door."
    assert section(text, "## [0.2.0]") == notes
    assert section(text, "## Unreleased") == ""
    assert section(text, "## [0.1.0]") == "- All."
    assert "## [0.2.0] - 2026-03-04" in text


def test_a_section_that_is_written_already_stays():
    assert released(LOG, "0.1.0", "2026-03-04") == (LOG, "- All.")


def test_a_version_without_changes_is_refused():
    with pytest.raises(NoSectionError, match=r"0\.2\.0"):
        released("# Changelog\n\n## Unreleased\n", "0.2.0", "2026-03-04")


def test_the_changelog_of_this_commit_can_be_released():
    _, notes = released((ROOT / "CHANGELOG.md").read_text(), "9.9.9", "2026-03-04")
    assert "### Added" in notes


def test_checksums_are_of_the_form_that_sha256sum_reads(tmp_path):
    (tmp_path / "b.txt").write_text("b")
    (tmp_path / "a.txt").write_text("a")
    assert checksums(tmp_path).splitlines() == [
        f"{hashlib.sha256(name.encode()).hexdigest()}  {name}.txt" for name in "ab"
    ]


def test_the_bill_of_materials_names_what_an_environment_holds():
    found = read(sys.executable)
    bill = document("oims-app", "0.2.0", found)
    assert '"specVersion": "1.6"' in bill
    assert "pkg:pypi/flask@" in bill
    assert "pkg:generic/cpython@" in bill


def test_an_image_that_cannot_be_read_is_named():
    with pytest.raises(ImageError):
        read("/nowhere/docker")
