"""`onefold plan`: what a merge would do, for whoever decides on it."""

import typer

from onefold.commands.api_client import MergeId, PersonsToken, Url, as_person
from onefold.commands.output import Json, console, print_json

app = typer.Typer(no_args_is_help=True, help="Plans, for whoever decides on them.")


@app.callback()
def plan() -> None:
    """Plans, for whoever decides on them."""


@app.command()
def show(merge_id: MergeId, url: Url = None, token: PersonsToken = None, as_json: Json = False) -> None:
    """Show the plan that stands, why a person is asked and until when, what changed in it, and how to approve it."""
    from onefold.commands.review import print_review

    merge = as_person(url, token).get(f"/v1/merges/{merge_id}")
    if as_json:
        print_json(merge)
    else:
        print_review(console(), merge)
