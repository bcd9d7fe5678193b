# What people do often. Everything runs in .venv, which `make install` makes.
PYTHON ?= python3.11
VENV := .venv
RUN := $(VENV)/bin/python
INSTALLED := $(VENV)/installed
DEMO := demo

.PHONY: install test demo quality style benchmark clean

install: $(INSTALLED)

$(INSTALLED): setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade pip
	$(RUN) -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $(INSTALLED)

test: $(INSTALLED)
	OMP_NUM_THREADS=1 $(RUN) -m pytest --numprocesses 2

demo: $(INSTALLED)
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" bash scripts/demo.sh $(DEMO)

quality: $(INSTALLED)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

style: $(INSTALLED)
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

benchmark: $(INSTALLED)
	$(RUN) scripts/benchmark.py

clean:
	rm -rf $(VENV) $(DEMO) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
