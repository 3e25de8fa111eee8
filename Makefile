# Everything a machine with Python and make needs to run, test and check the product. `make help` lists it.
# Paths are relative throughout, so the folder may stand anywhere, also under a name with spaces.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
FLASK := $(PY) -m flask --app wsgi

# The pinned time zones win over older ones of the operating system.
export PYTHONTZPATH :=
# What Python compiled is kept: some fifty processes of a run start with it.
export PYTHONDONTWRITEBYTECODE :=

##@ Use
.PHONY: run
run: export DEMO ?= 1
run: export SECRET_KEY_FILE ?= var/secret_key
run: $(VENV)/.runs front var/secret_key ## Start the demo company on http://127.0.0.1:8000 (PORT=…, DEMO_SPEED=…, STAND_INS=1)
ifdef STAND_INS
	@exec $(PY) -m scripts.with_stand_ins
else
	@$(FLASK) demo
	@exec $(FLASK) serve
endif

##@ Check
.PHONY: test test-deep check
test: $(VENV)/.tests front ## The whole suite, on SQLite and PostgreSQL (REQUIRE=browser,mta, ARGS=…)
	@$(PY) -m pytest -n auto --dist worksteal $(ARGS)

test-deep: $(VENV)/.tests front ## The suite with the long counts
	@$(PY) -m pytest -n auto --dist worksteal -m "deep or not deep" $(ARGS)

check: $(VENV)/.tests ## Style, types, imports between the floors, templates
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy --strict
	@$(VENV)/bin/lint-imports --no-cache --no-logo
	@$(PY) -m scripts.check_templates

.PHONY: bench torture
bench: $(VENV)/.tests ## Measure everything and write benchmarks/results.md
	@$(PY) -m benchmarks

torture: $(VENV)/.tests ## Kill and cut the real processes while they send (COUNTS=full)
	@$(PY) -m tests.torture $(ARGS)

##@ Keep
.PHONY: docs picture pins front clean help
docs: $(VENV)/.runs ## Draw docs/states.md, docs/settings.md and docs/openapi.json from the code
	@$(PY) -m scripts.draw_docs

picture: $(VENV)/.tests ## Draw the picture of the README from the demo, in Chromium
	@$(PY) -m scripts.draw_picture

pins: $(PY) ## Compile both requirement files from pyproject.toml (UPGRADE=1 takes newer versions)
	@$(PY) -m pip install --quiet uv
	@$(PY) -m uv pip compile $(PIN) pyproject.toml --output-file requirements.txt >/dev/null
	@$(PY) -m uv pip compile $(PIN) --extra dev pyproject.toml --output-file requirements-dev.txt >/dev/null

PIN = --quiet --universal --python-version 3.11 --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade)

front: $(PY) ## Fetch what the pages are served with
	@$(PY) scripts/front_packages.py

clean: ## Remove the environment and fetched packages; var/ with its data stays
	@rm -rf $(VENV) node_modules web/static/packages

help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

# A stamp a requirement file: installing again is only a look at two dates.
$(PY):
	@$(PYTHON) scripts/make_environment.py $(VENV)

$(VENV)/.runs: requirements.txt | $(PY)
	@echo "Installing what the product runs with"
	@$(PY) -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@

$(VENV)/.tests: requirements-dev.txt | $(PY)
	@echo "Installing what the tests need"
	@$(PY) -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@

var/secret_key: | $(PY)
	@mkdir -p var
	@umask 077 && $(PY) -c "import secrets; print(secrets.token_urlsafe(48))" > $@
