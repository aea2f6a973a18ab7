"""Where the link in a page leads: looking at it changes nothing, sending the form acknowledges."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.accounts.access import public
from app.incidents import answers

bp = Blueprint("answers", __name__)


@bp.route("/pages/<token>", methods=["GET", "POST"])
@public
def answer(token: str) -> ResponseReturnValue:
    """Show what a page is about; acknowledge it when the form is sent."""
    is_done = request.method == "POST"
    question = answers.answer(token) if is_done else answers.find(token)
    return render_template("escalations/answer.html", question=question, token=token, is_done=is_done)
