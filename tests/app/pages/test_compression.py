"""Pages are compressed on the way, unless they may repeat something of the request."""

import gzip

import brotli
import pytest
from backports import zstd

DECODERS = {"zstd": zstd.decompress, "br": brotli.decompress, "gzip": gzip.decompress}
BROWSER = "gzip, deflate, br, zstd"


def ask(browser, path, encodings):
    return browser.client.get(path, headers={"Accept-Encoding": encodings})


@pytest.mark.parametrize(
    ("encodings", "chosen"),
    [(BROWSER, "zstd"), ("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0.5", "gzip")],
)
def test_a_page_comes_in_the_best_form_that_the_browser_reads(browser, encodings, chosen):
    answer = ask(browser, "/", encodings)
    assert answer.headers["Content-Encoding"] == chosen
    assert "Accept-Encoding" in answer.headers["Vary"]
    page = DECODERS[chosen](answer.data)
    assert b"</html>" in page
    assert len(answer.data) * 2 < len(page)


@pytest.mark.parametrize("encodings", ["", "identity", "nonsense", "gzip;q=0", "compress", "a" * 5000])
def test_who_reads_no_compressed_form_gets_the_page_as_it_is(browser, encodings):
    answer = ask(browser, "/", encodings)
    assert "Content-Encoding" not in answer.headers
    assert b"</html>" in answer.data


@pytest.mark.threat("T46")
@pytest.mark.parametrize("path", ["/?q=guess", "/login?next=/guess", "/automation?guess"])
def test_a_page_that_repeats_its_address_beside_a_secret_is_not_compressed(browser, path):
    answer = ask(browser, path, BROWSER)
    assert answer.status_code in {200, 302, 303}
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_what_is_no_page_keeps_its_form(app, path):
    answer = app.test_client().get(path, headers={"Accept-Encoding": BROWSER})
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
