"""A program that starts both embedded servers, writes a row, and says how many rows there are by now."""

import sys
from pathlib import Path

import psycopg

from onefold.children import running
from onefold.embedded.postgres import Postgres
from onefold.embedded.temporal import Temporal

postgres = Postgres(Path(sys.argv[1]), int(sys.argv[2]))
temporal = Temporal(Path(sys.argv[1]), int(sys.argv[3]))
with running(postgres.child()), running(temporal.child()), psycopg.connect(postgres.owner_url) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS visit (name text)")
    connection.execute("INSERT INTO visit VALUES ('İstanbul')")
    print(connection.execute("SELECT count(*), max(lower(name)) FROM visit").fetchone())
