"""The people's pages: views, templates, static files."""
