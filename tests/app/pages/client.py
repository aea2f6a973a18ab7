"""A browser for tests that fails on any page that breaks the house rules."""

import re
from xml.etree.ElementTree import Element

import html5lib
from flask.testing import FlaskClient

CONTROLS = ("input", "select", "textarea")
NEED_NO_LABEL = {"hidden", "submit", "button"}


class Page:
    """A parsed page: `tree` is an ElementTree without namespaces."""

    def __init__(self, html: str) -> None:
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        self.tree: Element = parser.parse(html)
        self.html = html

    def all(self, tag: str) -> list[Element]:
        return list(self.tree.iter(tag))

    @property
    def h1(self) -> str:
        return text(self.all("h1")[0])

    @property
    def title(self) -> str:
        return text(self.all("title")[0])

    @property
    def words(self) -> str:
        main = next(element for element in self.all("main"))
        return text(main)

    def find_form(self, path: str) -> Element:
        return next(form for form in self.all("form") if (form.get("action") or "").partition("?")[0] == path)

    def form(self, path: str) -> dict[str, str]:
        """Return what a browser would send of the form that posts to this path, before anyone types."""
        form = self.find_form(path)
        values = {
            field.get("name"): field.get("value") or ""
            for field in form.iter("input")
            if field.get("name") and (field.get("type") != "checkbox" or field.get("checked") is not None)
        }
        for field in form.iter("textarea"):
            values[field.get("name")] = field.text or ""
        for field in form.iter("select"):
            chosen = [option for option in field.iter("option") if option.get("selected") is not None]
            values[field.get("name")] = (chosen or list(field.iter("option")))[0].get("value") or ""
        return {name: value for name, value in values.items() if name}


def text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def lint(page: Page, nonce: str) -> list[str]:
    """Return what is wrong with a page, in words."""
    problems = []
    headings = page.all("h1")
    if len(headings) != 1:
        problems.append(f"{len(headings)} h1 elements")
    elif not page.title.startswith(page.h1):
        problems.append(f"title {page.title!r} does not start with the h1 {page.h1!r}")
    ids = [element.get("id") for element in page.tree.iter() if element.get("id")]
    problems += [f"id {name} is there twice" for name in {name for name in ids if ids.count(name) > 1}]
    labelled = {label.get("for") for label in page.all("label")}
    inside_labels = {id(child) for label in page.all("label") for child in label.iter()}
    for element in page.tree.iter():
        if isinstance(element.tag, str):
            problems += lint_element(element, nonce, labelled, inside_labels)
    return problems


def lint_element(element: Element, nonce: str, labelled: set, inside_labels: set) -> list[str]:
    handlers = [name for name in element.attrib if name.startswith("on") or name == "style"]
    problems = [f"{element.tag} has {name}" for name in handlers]
    if element.tag == "form" and not element.get("action") and element.get("method") != "dialog":
        problems.append("a form has no action")
    if element.tag == "script" and element.get("nonce") != nonce:
        problems.append("a script has not this answer's nonce")
    if element.tag == "img" and element.get("alt") is None:
        problems.append("an image has no alt text")
    is_control = element.tag in CONTROLS and element.get("type") not in NEED_NO_LABEL
    is_labelled = element.get("id") in labelled or element.get("aria-label") or id(element) in inside_labels
    if is_control and not is_labelled:
        problems.append(f"{element.tag} {element.get('name')} has no label")
    if element.tag == "table" and element.find("caption") is None:
        problems.append("a table has no caption")
    link = element.get("href") or ""
    if re.match(r"\s*(javascript|data|vbscript):", link, re.IGNORECASE):
        problems.append(f"a link runs code: {link}")
    return problems


class PageClient:
    """GETs are linted; forms are sent as the browser would send them, token included."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, status: int = 200) -> Page:
        response = self.client.get(path)
        assert response.status_code == status, response.text[:300]
        return self.read(response)

    def read(self, response) -> Page:
        page = Page(response.text)
        found = re.search(r"'nonce-([^']+)'", response.headers["Content-Security-Policy"])
        assert found is not None
        assert lint(page, found[1]) == []
        return page

    def submit(self, page_path: str, action: str | None = None, **values: str):
        """Load a page, fill in its form, send it, and return the raw answer."""
        page = self.get(page_path)
        path = action or page_path
        return self.client.post(page.find_form(path).get("action"), data=page.form(path) | values)

    def submit_and_follow(self, page_path: str, action: str | None = None, **values: str) -> Page:
        response = self.submit(page_path, action, **values)
        assert response.status_code == 303, response.text[:300]
        return self.get(response.location)


def link(words: str) -> str:
    """Return the path of the first link to the app in a mail."""
    return re.search(r"http://localhost(/\S+)", words)[1]
