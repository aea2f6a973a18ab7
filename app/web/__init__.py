"""Pages, by noun: routes, forms, view models, templates and static files."""
