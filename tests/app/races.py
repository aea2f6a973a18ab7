"""The same moment, for several requests."""

from collections.abc import Callable
from threading import Barrier, Thread

from flask import Flask
from sqlalchemy.exc import IntegrityError

from app.errors import OimsError
from app.extensions import db

DONE = "done"


def race(app: Flask, work: Callable[[int], object], count: int = 4) -> list[str]:
    """Do the same at once in several threads; return how each ended: DONE, or the name of its error."""
    barrier, ends = Barrier(count), [""] * count

    def run(number: int) -> None:
        with app.app_context():
            barrier.wait(30)
            try:
                work(number)
            except (OimsError, IntegrityError) as error:
                ends[number] = type(error).__name__
            else:
                ends[number] = DONE
            finally:
                db.session.remove()

    threads = [Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends
