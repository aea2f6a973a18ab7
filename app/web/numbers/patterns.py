"""A form with one error per kind of field, for the page that shows every component."""

from wtforms import SelectField, StringField, TextAreaField

from app.web.forms import Form


class PatternForm(Form):
    """Fields as they look, with and without an error."""

    fine = StringField("A field")
    wrong = StringField("A field with an error")
    choice = SelectField("A choice", choices=["One", "Another"])
    text = TextAreaField("A longer text", render_kw={"rows": 3})

    @classmethod
    def with_errors(cls) -> "PatternForm":
        """Return the form as it looks after a refusal."""
        form = cls(formdata=None)
        form.wrong.errors = ["Say what is wrong."]
        return form
