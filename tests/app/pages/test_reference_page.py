"""The page that shows the API."""


def test_it_shows_every_operation_with_what_it_takes_and_gives(browser, app):
    page = browser.get("/reference")
    assert page.h1 == "API reference"
    shown = [element.get("id") for element in page.all("details")]
    declared = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")]
    assert len(shown) == len(declared)
    resolve = next(element for element in page.all("details") if element.get("id") == "resolve")
    words = " ".join("".join(resolve.itertext()).split())
    for expected in (
        "POST /api/v1/incidents/{incident_id}/resolve Close an incident",
        "the scope write",
        "If-Match",
        "Idempotency-Key",
        "reason string",
        "412 It was changed since",
    ):
        assert expected in words


def test_it_needs_a_log_in(stranger):
    response = stranger.client.get("/reference")
    assert response.status_code == 303
    assert response.location.startswith("/login")
