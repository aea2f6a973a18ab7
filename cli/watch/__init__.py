"""`oims watch`: asks from outside whether OIMS can still tell people, and tells them when it cannot."""
