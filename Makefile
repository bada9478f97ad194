# `make` lists the targets. The two to begin with: make demo, make test.

GO      := ./test/go
OS      ?= linux
ARCH    ?= $(shell $(GO) env GOARCH 2>/dev/null || echo amd64)
VARIANT ?=
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
IMAGE   ?= foster
ENGINE  ?=
# The image is small on purpose. No HTTP/2: neither an engine nor a receiver of
# notifications needs it. No inlining in what runs once at a start, or at a scrape.
PLAIN   := google.golang.org/protobuf github.com/santhosh-tekuri go.yaml.in github.com/compose-spec github.com/prometheus github.com/go-viper github.com/docker
SMALL   := -tags nethttpomithttp2 $(foreach m,$(PLAIN),-gcflags=$(m)/...=-l)
LDFLAGS := -s -w -X main.buildVersion=$(VERSION) -X main.buildCommit=$(COMMIT)
ROOTFS  := dist/$(OS)-$(ARCH)$(VARIANT)
TOOLS   := -modfile=test/tools/go.mod
CA      ?= $(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem))
export GOFLAGS := $(strip $(GOFLAGS) -buildvcs=false)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install what tests, demo and image need and this machine lacks (Debian, root)
	@./test/setup

.PHONY: build
build: ## the program for this machine, at bin/foster
	CGO_ENABLED=0 $(GO) build -trimpath $(SMALL) -ldflags '$(LDFLAGS)' -o bin/foster ./cmd/foster

.PHONY: rootfs
rootfs: ## the image's files, at dist/ (OS=linux ARCH=amd64 VARIANT=)
	@rm -rf $(ROOTFS)
	@mkdir -p $(ROOTFS)/etc/ssl/certs $(ROOTFS)/usr/bin $(ROOTFS)/tmp
	CGO_ENABLED=0 GOOS=$(OS) GOARCH=$(ARCH) GOARM=$(patsubst v%,%,$(VARIANT)) $(GO) build -trimpath $(SMALL) -ldflags '$(LDFLAGS)' -o $(ROOTFS)/foster ./cmd/foster
	@test -n '$(CA)' || { echo 'no CA bundle found: install ca-certificates, or name one with CA=' >&2; exit 1; }
	@cp $(CA) $(ROOTFS)/etc/ssl/certs/ca-certificates.crt
	@ln -s ../../foster $(ROOTFS)/usr/bin/curl
	@chmod 1777 $(ROOTFS)/tmp

.PHONY: image
image: rootfs ## the image, with an engine and Go alone (IMAGE=foster ENGINE=unix:///…)
	DOCKER_BUILDKIT=0 docker $(if $(ENGINE),-H $(ENGINE)) build -q --target prebuilt --build-arg TARGETOS=$(OS) --build-arg TARGETARCH=$(ARCH) --build-arg TARGETVARIANT=$(VARIANT) \
	  --build-arg VERSION=$(VERSION) --build-arg COMMIT=$(COMMIT) -t $(IMAGE) .
	@docker $(if $(ENGINE),-H $(ENGINE)) run --rm $(IMAGE) version || echo 'built for another machine: not tried here'
	@docker $(if $(ENGINE),-H $(ENGINE)) image inspect -f '$(IMAGE): {{.Size}} bytes, {{.Os}}/{{.Architecture}}' $(IMAGE)

# No test needs what debuggers do, which takes half the time of linking. The
# race detector is for what is foster's, or has foster's packages in it: tests that
# run it as a process have nothing of it to look at, and it makes them slower.
TEST    := $(GO) test -shuffle=on -count=1 -timeout 14m -ldflags='-s -w'
OUTSIDE := test/e2e test/lab test/load test/soak test/demo test/bench

.PHONY: test
test: setup ## all tests: unit, stories, model, and end to end on private engines (root)
	@$(MAKE) --no-print-directory -k test-outside test-inside

# The end-to-end tests take longest, so they come first.
.PHONY: test-outside
test-outside:
	$(TEST) $(patsubst %,./%/...,$(OUTSIDE))

.PHONY: test-inside
test-inside:
	$(TEST) -race $$($(GO) list ./... | grep -v $(patsubst %,-e '^foster/%\(/\|$$\)',$(OUTSIDE)))

.PHONY: unit
unit: ## the tests that need neither root nor an engine
	$(GO) test -shuffle=on -count=1 ./cmd/... ./report/... ./spec ./state ./watcher ./actions ./output ./redact ./test/engine

.PHONY: model
model: ## the random model of the core, at length
	$(GO) test -count=1 ./state -run TestModel -rapid.checks=100000 -rapid.steps=60

.PHONY: fuzz
fuzz: ## each fuzz target for a while (TIME=10s)
	@set -e; for pkg in ./spec ./watcher ./output ./cmd/foster ./report/webhook; do for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	  echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(or $(TIME),10s) $$pkg; done; done

.PHONY: fmt
fmt: ## format the code
	$(GO) tool $(TOOLS) gofumpt -w .

.PHONY: lint
lint: ## format check, go.mod check, vet, staticcheck
	@test -z "$$($(GO) tool $(TOOLS) gofumpt -l . | tee /dev/stderr)" || { echo 'run make fmt' >&2; exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(GO) tool $(TOOLS) staticcheck ./...

.PHONY: vuln
vuln: ## known vulnerabilities, where their database can be reached
	@if $(GO) tool $(TOOLS) govulncheck ./...; then :; else code=$$?; \
	  if [ $$code = 3 ]; then exit 3; else echo 'govulncheck: the database cannot be reached, skipped' >&2; fi; fi

# One seed, so that a change is judged and not the draw: make soak takes others.
.PHONY: ci
ci: SEED := $(or $(SEED),1)
ci: setup lint vuln test-outside ## what .ci/run runs: lint, all tests, and a soak beside those that need few engines
	@$(MAKE) --no-print-directory -j2 --output-sync=target test-inside soak SEED=$(SEED)

.PHONY: demo
demo: ## see it work: on a private engine (root), or on ENGINE=unix:///…
	@if [ -n '$(ENGINE)' ]; then ./test/setup go; else ./test/setup demo; fi
	@$(GO) run ./test/demo $(if $(ENGINE),-engine '$(ENGINE)') $(if $(KEEP),-keep)

.PHONY: demo-down
demo-down: ## remove the engine that make demo KEEP=1 left
	@$(GO) run ./test/demo -down

.PHONY: screenshots
screenshots: setup ## pictures of the status page, of a real run, to docs/screenshots
	@$(GO) run ./test/page/shots

.PHONY: bench
bench: setup ## speed and memory, beside their budgets
	@$(GO) run ./test/bench

.PHONY: load
load: setup ## more than foster will meet: a flood of foreign events (ARGS='-for 30s')
	@$(GO) run ./test/load $(ARGS)

.PHONY: soak
soak: setup ## random faults on a swarm of three, checked from outside (MINUTES=2 SEED=random ARGS='-without …')
	@$(GO) run ./test/soak -minutes $(or $(MINUTES),2) -seed $(or $(SEED),random) $(ARGS)

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist
