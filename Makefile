# Needs Python 3.11 or later, git and make; everything else goes into .venv.
#   make demo    audit the example runs and build their site
#   make test    run every check that a change has to pass

PYTHON ?=
# By scope, so that what a module's tests share is made once.
PYTEST_ARGS ?= -n 2 --dist loadscope

VENV := .venv
BIN := $(VENV)/bin
EXAMPLES := .venv-examples
INSTALL := -m pip --disable-pip-version-check -qq install

.PHONY: help demo test lint bench examples screenshots clean
.DELETE_ON_ERROR:

help:
	@echo "make demo         audit the example runs, build their site, say where to look"
	@echo "make test         everything that a change has to pass: ruff, mypy, pytest"
	@echo "make lint         ruff and mypy alone"
	@echo "make bench        costs beside the goals"
	@echo "make examples     train the example runs again"
	@echo "make screenshots  take the pictures of the documents again"
	@echo "make clean        remove environments, caches and what was built"

demo: $(VENV)/.core
	@sh scripts/demo.sh

test: $(VENV)/.dev lint
	@sh scripts/ensure_chromium.sh
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/run_all.py

# Of its own, so that the package list that the runs record holds what they need and no more.
examples: $(EXAMPLES)/.installed
	$(EXAMPLES)/bin/python example_runs/make_examples.py

screenshots: $(VENV)/.dev
	@sh scripts/ensure_chromium.sh
	$(BIN)/python scripts/screenshots.py

clean:
	rm -rf $(VENV) $(EXAMPLES) site dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The files named .something are stamps: they say that a step ended well.
$(VENV)/.made $(EXAMPLES)/.made:
	@python=$$(sh scripts/find_python.sh '$(PYTHON)') || exit 1; \
	echo "Making $(@D) with $$python"; \
	rm -rf $(@D) && "$$python" -m venv $(@D) && touch $@

$(VENV)/.core: $(VENV)/.made pyproject.toml
	@echo "Installing reportgen into $(VENV) (a minute or so)"
	@$(BIN)/python $(INSTALL) -e . && touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml
	@echo "Installing reportgen and what its tests need into $(VENV) (some minutes)"
	@$(BIN)/python $(INSTALL) -e '.[dev]' && touch $@ $(VENV)/.core

$(EXAMPLES)/.installed: $(EXAMPLES)/.made pyproject.toml requirements.lock
	@echo "Installing reportgen and what its examples need into $(EXAMPLES) (some minutes)"
	@sh scripts/install_examples.sh $(EXAMPLES)/bin/python && touch $@
