# The two commands of a newcomer are `make run` and `make test`. CI calls the second.

.DEFAULT_GOAL := help
.PHONY: help deps run test lint test-openblas test-portable test-address test-thread test-emulated test-neon \
	test-differential test-packages test-examples test-benchmarks test-peers bench bench-peers adding-problem \
	mackey-glass fuzz fuzz-corpus fuzz-layers docs format clean

# Expanded when a recipe starts, so after `deps`.
TRAITS = $(shell Utilities/have-openblas.sh || echo --disable-default-traits)
SOURCES = Package.swift Sources Tests Examples/*/Package.swift Examples/*/Sources \
	Benchmarks/Package.swift Benchmarks/Benchmarks Benchmarks/Support Benchmarks/Checkpointing \
	Benchmarks/Oversubscription Benchmarks/Plans \
	Benchmarks/peers/recurrent-runner/Package.swift Benchmarks/peers/recurrent-runner/Sources \
	Fuzzing/Package.swift Fuzzing/Sources

help: ## Show the targets.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 20

deps: ## Install the Debian packages that are missing, where that is permitted.
	@Utilities/install-dependencies.sh

run: deps ## The slides' programs, a PyTorch-trained model, the backends compared, a series forecast.
	swift build -c release $(TRAITS) --product recurrent
	swift run -c release $(TRAITS) SlidesExample
	@printf '\nThe backends side by side\n-------------------------\n'
	@$$(swift build -c release $(TRAITS) --show-bin-path)/recurrent bench
	@printf '\nA network learns a series\n-------------------------\n'
	@$$(swift build -c release $(TRAITS) --show-bin-path)/recurrent forecast \
		Examples/Series/airline-passengers.csv --time-column Month --horizon 12 --plot .build/airline-passengers.svg

test: lint test-openblas test-portable test-emulated test-packages test-examples test-benchmarks ## Prove it.

lint: ## Check the format and the vocabulary.
	swift format lint --strict --recursive $(SOURCES)
	Utilities/check-vocabulary.sh

# With a minute of cases that nobody has chosen; their seed is the day's.
test-openblas: deps ## Test with every backend that this machine can have.
	swift build --build-tests $(TRAITS)
	swift test --skip-build $(TRAITS) --skip LayerFuzzTests
	RECURRENT_FUZZ_SECONDS=60 swift test --skip-build $(TRAITS) --filter LayerFuzzTests

# The toolchain's test runner keeps what it allocated until it exits, so leaks are not looked for.
test-portable: deps ## Test without the trait OpenBLAS, under AddressSanitizer.
	ASAN_OPTIONS=detect_leaks=0 swift test --disable-default-traits --sanitize address --scratch-path .build/portable

test-address: deps ## Test with every backend under AddressSanitizer.
	ASAN_OPTIONS=detect_leaks=0 swift test $(TRAITS) --sanitize address --scratch-path .build/address

test-thread: deps ## Test under ThreadSanitizer what runs on many threads.
	TSAN_OPTIONS=suppressions=$(CURDIR)/Utilities/thread-sanitizer.suppressions swift test $(TRAITS) \
		--sanitize thread --scratch-path .build/thread --filter 'ConcurrencyTests|RNNStreamTests|RNNDropoutTests|LayerMatrixTests'

test-emulated: test-openblas test-neon ## Test on emulated processors, where qemu-user is installed.
	Utilities/test-emulated.sh "$$(swift build $(TRAITS) --show-bin-path)"

test-neon: deps ## Compare the kernels of an emulated arm64 processor with those of x86-64, bit for bit.
	Utilities/test-neon.sh $(TRAITS)

# The suite itself is left out without PyTorch; who asks for it by name is told what is missing.
PYTHON = $(or $(RECURRENT_PYTHON),python3)
NO_TORCH = $(PYTHON) has no PyTorch: pip install torch numpy safetensors, or name another by RECURRENT_PYTHON
test-differential: deps ## Compare layers that are drawn with PyTorch in double; CASES=300, SEED=n begins elsewhere.
	@$(PYTHON) -c 'import numpy, safetensors, torch' 2>/dev/null || { echo '$(NO_TORCH)'; exit 1; }
	RECURRENT_DIFFERENTIAL_CASES=$(CASES) RECURRENT_FUZZ_SEED=$(SEED) \
		swift test $(TRAITS) --filter LayerDifferentialTests

test-packages: deps ## Depend on this package by version, with and without the trait.
	Utilities/test-packages.sh

# In the folder of the tests, where all that they depend on is compiled already. SwiftPM may take the plan of
# the package that was built there last for this one's, so none is kept.
PACKAGE = $(TRAITS) --disable-build-manifest-caching --scratch-path .build --package-path
test-examples: deps ## Build and run the example packages.
	swift run $(PACKAGE) Examples/Slides Slides
	swift run $(PACKAGE) Examples/MackeyGlass MackeyGlass 1 100
	swift run $(PACKAGE) Examples/Forecasting Forecasting 2
	swift run $(PACKAGE) Examples/Sessions Sessions 100
	swift build $(PACKAGE) Examples/AddingProblem

# One case of a benchmark, whose results are checked, shows that they run.
test-benchmarks: deps test-peers ## Build the benchmarks and Recurrent's part of bench-peers, and run one case.
	swift build $(PACKAGE) Benchmarks
	swift run --skip-build $(PACKAGE) Benchmarks Plans 1
	swift build $(PACKAGE) Benchmarks/peers/recurrent-runner

# Left out without them, as the tests that exchange files with Python are.
test-peers: ## Test the harness of bench-peers, without the peers; it needs numpy and safetensors.
	@if $(PYTHON) -c 'import numpy, safetensors, tomllib' 2>/dev/null; then \
		$(PYTHON) -m unittest discover -s Benchmarks/peers/tests; \
	else echo 'the harness of bench-peers is not tested: $(PYTHON) has no numpy, safetensors or tomllib'; fi

bench: deps ## Time kernels, layers, training and streams; KINDS="layers plans" picks some.
	TRAITS="$(TRAITS)" Benchmarks/run.sh $(KINDS)

bench-peers: deps ## Compare with PyTorch, ONNX Runtime, oneDNN and others; QUICK=1 takes some minutes.
	Benchmarks/peers/bench-peers.sh $(if $(QUICK),--points quick --rounds 3 --seconds 0.1) $(ARGUMENTS)

adding-problem: deps ## Train on the adding problem at 100 and 200 steps; some minutes.
	swift run -c release $(TRAITS) --package-path Examples/AddingProblem AddingProblem 100
	swift run -c release $(TRAITS) --package-path Examples/AddingProblem AddingProblem 200

mackey-glass: deps ## Forecast the Mackey-Glass series by the protocol of Jaeger and Haas; some minutes.
	swift run -c release $(TRAITS) --package-path Examples/MackeyGlass MackeyGlass 20

fuzz: ## Let a fuzzer look for files that break a reader, SECONDS for each, 600 if not said.
	Fuzzing/run.sh $(or $(SECONDS),600)

fuzz-layers: deps ## Draw layers, gradients and histories for SECONDS, 600 if not said; SEED=n begins elsewhere.
	RECURRENT_FUZZ_SECONDS=$(or $(SECONDS),600) RECURRENT_FUZZ_SEED=$(SEED) \
		swift test $(TRAITS) --filter LayerFuzzTests

fuzz-corpus: ## Replace the committed corpus by the smallest files that go all the ways found.
	python3 Fuzzing/minimize.py

# Static pages for a web server: a browser does not show them from files. The plugin is fetched once.
DOCUMENTATION = .build/documentation
docs: ## Build the documentation; a warning is an error. Says how to open it.
	Utilities/check-documentation.sh
	RECURRENT_DOCS=1 swift package --disable-default-traits --scratch-path .build/docs \
		--allow-writing-to-directory $(DOCUMENTATION) generate-documentation --target Recurrent \
		--warnings-as-errors --transform-for-static-hosting --output-path $(DOCUMENTATION)
	@printf '\nThe documentation is in $(DOCUMENTATION). To read it:\n\n'
	@printf '    python3 -m http.server --bind 127.0.0.1 --directory $(DOCUMENTATION) 8000\n\n'
	@printf 'and open http://localhost:8000/documentation/recurrent/\n'

format: ## Format the sources.
	swift format --in-place --recursive $(SOURCES)

clean: ## Remove what builds have made.
	rm -rf .build Examples/*/.build Fuzzing/.build Benchmarks/peers/.work Benchmarks/peers/recurrent-runner/.build
