# Courtyard (数字院落). `make demo` and `make test` do all the set-up they need; a second call skips what is done.
.DEFAULT_GOAL := help
.PHONY: demo test drill up down tour bench bench-cases bench-intake bench-merge bench-forms bench-residents bench-case-figures bench-pages recall linkage febrl lint lock clean help
# Interpreters that may serve, in order of preference. PYTHON=… on the command line chooses another.
PYTHON := $(shell for p in python3 python3.11 python3.12; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null \
	&& { echo "$$p"; break; }; done)
READY := .venv/.ready
RUN := .venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# The machine's own certificates, as pip uses them: some networks have an authority of their own.
export UV_SYSTEM_CERTS := 1

demo: $(READY) ## four quarters of the sample street through real Airflow; SCALE=0.05 for a small one
	@.venv/bin/courtyard demo $(if $(SCALE),--scale $(SCALE))

test: $(READY) ## the tests, in two processes; ARGS="tests/dags -x" narrows them
	@$(RUN) -m pytest -n 2 --dist loadgroup --no-loadscope-reorder $(ARGS)

drill: $(READY) ## three quarters backfilled beside the current one, a source down, a late correction: real Airflow, asserted; ARGS=--pictures
	@PYTHONPATH=include:. $(RUN) tests/drill.py $(ARGS)

up: $(READY) ## start everything and leave it running; the first time with the sample street (SCALE=0.05 for a small one)
	@.venv/bin/courtyard up $(if $(SCALE),--scale $(SCALE))

down: $(READY) ## stop all that 'make up' started
	@.venv/bin/courtyard down

tour: $(READY) ## walk through the pages of what 'make up' runs in headless Chromium; pictures in docs/tour
	@$(RUN) tests/tour.py

bench: $(READY) ## measure a quarter of the whole street, then reading files; figures go to docs/benchmarks.md by hand
	@PYTHONPATH=include $(RUN) tests/bench/quarter.py $(ARGS)
	@$(RUN) tests/bench/intake.py

bench-intake: $(READY) ## measure reading files: a roster, small workbooks, hostile and mutated ones
	@$(RUN) tests/bench/intake.py $(ARGS)

bench-cases: $(READY) ## 50,000 open cases evaluated by one run of the clock; ARGS="--cases 5000 --profile"
	@PYTHONPATH=include $(RUN) tests/bench/cases.py $(ARGS)

bench-merge: $(READY) ## link and merge a million rows, beside a hand-written anti-join; ARGS="--rows 300000 --link"
	@PYTHONPATH=include $(RUN) tests/bench/warehouse.py $(ARGS)

bench-forms: $(READY) ## a roster of 110,000 rows beside other writers, and the forms due in a quarter; ARGS="--rows 20000"
	@PYTHONPATH=include $(RUN) tests/bench/forms.py $(ARGS)

bench-residents: $(READY) ## 100 reports a second for a minute over every courtyard's link; ARGS="--photos 0.05"
	@PYTHONPATH=include $(RUN) tests/bench/residents.py $(ARGS)

bench-case-figures: $(READY) ## the figures of 50,000 cases; ARGS="--cases 20000"
	@PYTHONPATH=include $(RUN) tests/bench/case_figures.py $(ARGS)

bench-pages: $(READY) ## every page by HTTP, and the map in Chromium, over the data in COURTYARD_VAR; ARGS="--no-browser"
	@PYTHONPATH=include:. $(RUN) tests/bench/pages.py $(ARGS)

recall: $(READY) ## whether every kind of defect of an unseen sample street is found; takes ten minutes
	@PYTHONPATH=include:. $(RUN) tests/bench/recall.py $(ARGS)

linkage: $(READY) ## whether rows of one person are linked on an unseen sample street; takes ten minutes
	@PYTHONPATH=include:. $(RUN) tests/bench/linkage.py $(ARGS)

febrl: $(READY) ## the linkage code on the public FEBRL sets
	@PYTHONPATH=include:. $(RUN) tests/bench/febrl.py $(ARGS)

lint: $(READY) ## ruff and the schema of docker-compose.yml
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@.venv/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

lock: $(READY) ## compile requirements.txt from requirements.in
	@.venv/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--custom-compile-command "make lock" requirements.in -o requirements.txt

clean: ## stop everything and remove .venv and caches; data in var and keys stay
	@if [ -x .venv/bin/courtyard ]; then .venv/bin/courtyard down || true; fi
	@rm -rf .venv .pytest_cache .ruff_cache .hypothesis

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

$(READY): requirements.txt
	@if [ -z "$(PYTHON)" ]; then \
		echo "Courtyard needs Python 3.11 or 3.12 with venv. On Debian or Ubuntu: apt-get install python3 python3-venv" >&2; \
		exit 1; fi
	@$(RUN) -c 'import pip' 2>/dev/null || { echo "Making .venv with $(PYTHON) …"; rm -rf .venv; "$(PYTHON)" -m venv .venv; }
	@$(RUN) -c 'import uv' 2>/dev/null || $(RUN) -m pip install --quiet uv
	@echo "Installing requirements.txt …"
	@.venv/bin/uv pip install --quiet --python $(RUN) -r requirements.txt
	@$(RUN) -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "courtyard.pth").write_text(str(pathlib.Path("include").resolve()) + "\n", "utf-8")'
	@printf '%s\n' '#!/bin/sh' 'here=$$(dirname -- "$$(readlink -f -- "$$0")")' 'exec "$$here/python" -m courtyard "$$@"' > .venv/bin/courtyard
	@chmod 755 .venv/bin/courtyard
	@touch $(READY)
