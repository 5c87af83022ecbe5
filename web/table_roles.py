"""Tables that stay tables where a row is drawn as a card: WebKit forgets what is none of its kind of box.

Said once, for every table of every template, while it is compiled.
"""

import re

from jinja2.ext import Extension

_ROLES = {
    "<table": "table",
    "<thead": "rowgroup",
    "<tbody": "rowgroup",
    "<tr": "row",
    "<td": "cell",
    '<th scope="col"': "columnheader",
    '<th scope="row"': "rowheader",
    '<th scope="rowgroup"': "rowheader",
}
_TAG = re.compile(rf"({'|'.join(_ROLES)})(?=[ >])")


class TableRoles(Extension):
    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return _TAG.sub(lambda tag: f'{tag[1]} role="{_ROLES[tag[1]]}"', source)
