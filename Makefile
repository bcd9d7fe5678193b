# What people do often. Everything runs in .venv, which `make install` makes.
PYTHON ?= python3.11
VENV := .venv
RUN := $(VENV)/bin/python
INSTALLED := $(VENV)/installed
DEMO := demo

# The oldest versions that setup.py allows. uv finds them all but torch's, which comes in several builds: pip installs
# it, and another one where that is wanted: make test-lowest TORCH=torch==2.13.0. What has no bound here is the newest of
# LOWEST_AS_OF, a date that moves with constraints.txt.
LOWEST := .venv-lowest
TORCH ?= $(shell sed -n 's/^ *"\(torch\)>=\(.*\)",/\1==\2/p' setup.py)
LOWEST_AS_OF := 2026-11-26
LOWEST_TESTS := tests/model tests/baselines tests/data tests/synthetic tests/tables tests/training

# What the starter model is made of: RAVDESS, nEMO for other voices and microphones, and the encoder of its frames.
RAVDESS ?= ../shared/data/ravdess
NEMO ?= ../shared/data/nemo_pl
FRAME_ENCODER ?= ../shared/models/whisper-base
STARTER := out/starter

# pip-audit and what it needs are no part of the project.
AUDIT := .venv-audit

.PHONY: install test test-quick test-lowest audit demo starter-model docs quality style benchmark fuzz clean

install: $(INSTALLED)

$(INSTALLED): setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade pip
	$(RUN) -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $(INSTALLED)

test: $(INSTALLED)
	OMP_NUM_THREADS=1 $(RUN) -m pytest --numprocesses 2 --dist worksteal

test-quick: $(INSTALLED)
	OMP_NUM_THREADS=1 $(RUN) -m pytest --numprocesses 2 --dist worksteal -m "not slow"

test-lowest:
	$(PYTHON) -m venv --clear $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet uv $(TORCH)
	echo 'torch; python_version < "3"' > $(LOWEST)/no-torch.txt
	$(LOWEST)/bin/uv pip compile --quiet --python $(LOWEST)/bin/python --resolution lowest-direct --extra dev setup.py \
		--exclude-newer $(LOWEST_AS_OF) --override $(LOWEST)/no-torch.txt --output-file $(LOWEST)/lowest.txt
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python --no-deps --requirement $(LOWEST)/lowest.txt \
		--editable .
	$(LOWEST)/bin/python -m pip check
	OMP_NUM_THREADS=1 $(LOWEST)/bin/python -m pytest --numprocesses 2 --dist worksteal $(LOWEST_TESTS)

audit:
	$(PYTHON) -m venv --clear $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet pip-audit==2.10.1
	$(AUDIT)/bin/python scripts/audit.py

demo: $(INSTALLED)
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" bash scripts/demo.sh $(DEMO)

starter-model: $(INSTALLED)
	$(RUN) scripts/make_starter_model.py scripts/starter_model.yaml --data_dir $(RAVDESS) --also $(NEMO) \
		--frame_encoder $(FRAME_ENCODER) --output_dir $(STARTER) --overwrite_output_dir

docs: $(INSTALLED)
	$(RUN) scripts/make_api_page.py

quality: $(INSTALLED)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

style: $(INSTALLED)
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

benchmark: $(INSTALLED)
	$(RUN) scripts/benchmark.py

# 100,000 cases of each text format and 20,000 of each container of audio take hours: make fuzz FUZZ="--text 1000".
fuzz: $(INSTALLED)
	PYTHONPATH=tests:hub_card OMP_NUM_THREADS=1 $(RUN) -m fuzz $(FUZZ)

clean:
	rm -rf $(VENV) $(LOWEST) $(AUDIT) $(DEMO) build dist *.egg-info hub_card/starter_model/build hub_card/starter_model/*.egg-info .pytest_cache .ruff_cache .hypothesis
