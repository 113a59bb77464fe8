# What this project does, as a few words to type. The work is in the scripts of setup/, which read these variables.
NOTEBOOKS ?=
SCALE ?= quick
DEVICE ?= libtorch
export NOTEBOOKS SCALE DEVICE

.PHONY: help reproduce test soak lab doctor bench setup
help:
	@printf '%s\n' \
	'make reproduce   from nothing to executed notebooks and the table of claims' \
	'make lab         the notebooks in JupyterLab' \
	'make test        everything that must hold: the suite, the notebooks, the browser, the lints' \
	'make soak        the long tests of sweeps: killed workers, a cluster that loses a node' \
	'make doctor      looks at the parts and says how to mend each' \
	'make bench       times the notebook kernel and the models' \
	'make setup       only what the others need: LibTorch, Python, the kernel, the build' \
	'' \
	'NOTEBOOKS=scurves   only the notebooks of a folder, or of a file (default: all)' \
	'SCALE=check|quick|paper   how large the experiments are (default: quick)' \
	'DEVICE=libtorch|flex|cuda   what trains the networks; flex fetches no LibTorch (default: libtorch)'

setup:
	@bash setup/setup.sh

reproduce:
	@bash setup/reproduce.sh

test:
	@bash setup/test.sh

soak:
	@bash setup/soak.sh

lab:
	@bash setup/lab.sh

doctor:
	@bash setup/doctor.sh

bench:
	@bash setup/bench.sh
