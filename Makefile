.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PY := .venv/bin/python
# A file's tests stay together, on one of several whole stacks: one more than cores, since tests wait half their time.
SPREAD := --numprocesses $$(($$(nproc) + 1)) --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# Compiled files are kept whatever the shell says: each process of the tests would else compile all of them again.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(PY) -m pytest

# Console scripts under .venv/bin are not called here: a script's first line may hold neither a space nor a long path.
.PHONY: help install run test check bench verifier screenshots lock

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

install: ## set up .venv from the locks (quick when nothing changed)
	@PYTHON='$(PYTHON)' sh scripts/install.sh

run: install ## set up, then start everything and print where it is
	@exec $(PY) -m onefold up

check: install ## lint, format and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

test: install ## set up, check, then run all tests, the fast ones first
	@sh scripts/debian.sh chromium-headless-shell 'postgresql:/usr/lib/postgresql/*/bin/postgres'
	@$(MAKE) check
	$(PYTEST) $(SPREAD)

bench: install ## measure a merge request beside its bounds, how fast the record is verified, and a story told
	$(PY) -m tests.bench

verifier: install ## write onefold-verify.pyz, which checks an export without Onefold
	$(PY) -m onefold audit verifier --out onefold-verify.pyz

screenshots: install ## take the README's pictures anew
	@sh scripts/debian.sh chromium-headless-shell
	$(PY) -m tests.pictures

lock: install ## resolve the dependencies anew and write the locks
	@sh scripts/lock.sh
