# `make run` is all that a fresh machine with Python 3.11 or newer needs. The work is in packaging/setup.sh.
.PHONY: help run setup test check bench soak pictures screenshot package bare clean
.NOTPARALLEL:

SETUP := sh packaging/setup.sh

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile | while IFS='	' read -r name what; do printf '  make %-11s%s\n' "$$name" "$$what"; done

run: ## set gradviz up and start it (ARGS="..." are its arguments)
	@$(SETUP) run -m gradviz $(ARGS)

setup: ## set up everything, for the tests and checks too, and start nothing
	@$(SETUP) test

test: ## the tests, on a virtual display (ARGS="..." go to pytest)
	@$(SETUP) test -m pytest -n 3 --dist worksteal $(ARGS)

check: ## formatting, lint, subjects of commits and types
	@$(SETUP) dev -m ruff check .
	@$(SETUP) dev -m ruff format --check .
	@$(SETUP) dev packaging/subjects.py
	@$(SETUP) dev -m mypy $(ARGS)

bench: ## the benchmarks, on the display there is
	@$(SETUP) display -m tests.benchmarks $(ARGS)

soak: ## the long runs (GRADVIZ_SOAK_SECONDS, 600 unless set)
	@GRADVIZ_SOAK_SECONDS="$${GRADVIZ_SOAK_SECONDS:-600}" $(SETUP) test -m pytest -m soak --timeout 0 $(ARGS)

pictures: ## the pictures of the gallery, made anew
	@$(SETUP) virtual packaging/pictures.py $(ARGS)

screenshot: ## the README's picture of the window, made anew
	@$(SETUP) virtual packaging/screenshot.py $(ARGS)

package: ## the program for people without Python: built, tested inside, packed into dist/
	@$(SETUP) package packaging/package.py

bare: ## the packages in dist/ in a bare Debian 12 (root, a few minutes)
	@$(SETUP) package packaging/bare.py

clean: ## remove .venv, .venv-tensorflow and what the tests, checks and builds left
	rm -rf .venv .venv-tensorflow build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks *.egg-info
	find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
