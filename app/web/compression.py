"""Pages that are small on the way.

A page holds a secret of its reader's session. Whoever can put words of their own beside it, again and again,
could guess it from the length of what is compressed (the attack is known as BREACH). So only pages without a
query in their address are compressed: they repeat nothing of the request.
"""

from flask import Flask, Response, request
from flask_compress import Compress

FORMS = ("zstd", "br", "gzip")

_compress = Compress()


def _answer(response: Response) -> Response:
    is_read = any(request.accept_encodings[form] for form in FORMS)  # the library takes q=0 for a wish
    if request.query_string or response.get_etag()[0] or not is_read:
        response.vary.add("Accept-Encoding")
        return response
    return _compress.after_request(response)


def init_app(app: Flask) -> None:
    """Install it; styles and scripts have their own way, see `assets`."""
    app.config.update(
        COMPRESS_MIMETYPES=["text/html"],
        COMPRESS_ALGORITHM=FORMS,
        COMPRESS_STREAMS=False,
        COMPRESS_EVALUATE_CONDITIONAL_REQUEST=False,
        COMPRESS_REGISTER=False,
    )
    _compress.init_app(app)
    app.after_request(_answer)
