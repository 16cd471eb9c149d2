# Every task of the project. `make help` prints the targets from their comments.
# Builds go to build/<mode>/; nothing is written beside the sources.

MODE ?= release
HOST_ARCH := $(shell uname -m | sed 's/aarch64/arm64/')
ARCH ?= $(HOST_ARCH)
# ARCH=arm64 on an x86_64 host: another compiler, other libraries, and an emulator for what the tests run.
CROSS := $(if $(filter x86_64/arm64,$(HOST_ARCH)/$(ARCH)),aarch64-linux-gnu-)
$(if $(CROSS)$(filter $(HOST_ARCH),$(ARCH)),,$(error ARCH=$(ARCH) cannot be built on a host of $(HOST_ARCH)))
EMULATOR := $(if $(CROSS),qemu-aarch64-static)
CC := $(if $(filter default,$(origin CC)),$(CROSS)gcc,$(CC))
AR := $(CROSS)ar
LD := $(CROSS)ld
OBJCOPY := $(CROSS)objcopy
BUILD ?= build/$(MODE)$(if $(CROSS),-$(ARCH))
DIST ?= dist/$(ARCH)
PENSTOCK_DEPS ?= $(CURDIR)/.deps
LIBRARIES := $(PENSTOCK_DEPS)$(if $(CROSS),/$(ARCH))
export CROSS EMULATOR PENSTOCK_DEPS
SETUP ?= scripts/setup

ROOMS := base record scan event host lambda aws
FUNCTIONS := $(notdir $(patsubst %/,%,$(dir $(wildcard functions/*/handler.c))))

# -- flags -------------------------------------------------------------------------------------------------------
WARNINGS := -Wall -Wextra -Werror -Wconversion -Wshadow -Wswitch-enum -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wcast-qual -Wundef -Wformat=2 -Wvla -Wwrite-strings
HARDENING := -fvisibility=hidden -fno-omit-frame-pointer -ffile-prefix-map=$(CURDIR)=. \
	$(patsubst %,-ffile-prefix-map=%=.deps,$(PENSTOCK_DEPS) $(realpath $(PENSTOCK_DEPS))) \
	-fstack-protector-strong -fasynchronous-unwind-tables
SECTIONS := -ffunction-sections -fdata-sections
INCLUDES := -Iruntime -Ifunctions -Itests -isystem $(LIBRARIES)/curl/include -isystem $(LIBRARIES)/crt/include
DEFINES := -D_GNU_SOURCE -DBYO_CRYPTO -DCURL_STATICLIB -DPCRE2_CODE_UNIT_WIDTH=8

MODE_FLAGS_release := -O2 -g
MODE_FLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
MODE_FLAGS_tsan := -O1 -g -fsanitize=thread
MODE_FLAGS_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
ifeq ($(MODE),fuzz)
CC := clang
endif
MODE_FLAGS := $(MODE_FLAGS_$(MODE))
CFLAGS_ALL := -std=gnu17 -fPIC $(MODE_FLAGS) $(WARNINGS) $(HARDENING) $(SECTIONS) $(DEFINES) $(INCLUDES) $(CFLAGS)
# One segment for code and constants: two mappings fewer at start, and a smaller file.
LDFLAGS_ALL := $(MODE_FLAGS) -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noseparate-code -Wl,-z,noexecstack -Wl,--build-id=none $(LDFLAGS)

# -- libraries: one list per door ----------------------------------------------------------------------------------
LIBS_BASE := -l:libdeflate.a
LIBS_RECORD := -l:libpcre2-8.a
LIBS_SCAN := -l:libz.a -l:libzstd.a
LIBS_AWS := $(LIBRARIES)/curl/lib/libcurl.a \
	$(addprefix $(LIBRARIES)/crt/lib/lib,aws-c-auth.a aws-c-http.a aws-c-io.a aws-c-cal.a aws-c-sdkutils.a \
	aws-c-compression.a aws-checksums.a aws-c-common.a) -l:libssl.a -l:libcrypto.a -l:libz.a -lm

# -- sources -------------------------------------------------------------------------------------------------------
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
room_sources = $(wildcard runtime/$(1)/*.c)
ROOM_OBJECTS := $(foreach room,$(ROOMS),$(call objects,$(call room_sources,$(room))))
MAIN_OBJECT := $(BUILD)/obj/runtime/lambda/main.o
BOOTSTRAP_OBJECTS := $(foreach room,base host lambda,$(call objects,$(call room_sources,$(room))))
AWS_OBJECTS := $(call objects,$(call room_sources,aws))
HANDLER_ROOM_OBJECTS := $(foreach room,record scan event,$(call objects,$(call room_sources,$(room))))
SUPPORT_OBJECTS := $(call objects,$(wildcard tests/support/*.c))

UNIT_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/*/test_*.c tests/unit/functions/*/test_*.c))
INTEGRATION_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/integration/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
BENCHES := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/bench_*.c))

RELEASE := $(BUILD)/bootstrap $(BUILD)/penstock $(BUILD)/lib/libpenstock-aws.so.1 $(BUILD)/lib/amazon-roots \
	$(FUNCTIONS:%=$(BUILD)/functions/%.so) $(BUILD)/.checked

.PHONY: all
all: $(RELEASE) ## build the release: bootstrap, libraries, functions and the command-line tool

.PHONY: ready
ready:
	@$(SETUP) $(if $(CROSS),$(ARCH),build)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-zA-Z0-9_-]*:.*## / { printf "  %-13s %s\n", $$1, $$2 }' Makefile

$(BUILD)/obj/%.o: %.c Makefile | ready
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# -- the three objects -----------------------------------------------------------------------------------------------
$(BUILD)/bootstrap: $(BOOTSTRAP_OBJECTS) runtime/penstock.list
	@echo "  LD    $@"
	@$(CC) $(LDFLAGS_ALL) -pie -Wl,-Map=$@.map -Wl,--dynamic-list=runtime/penstock.list -o $@.full $(BOOTSTRAP_OBJECTS) $(LIBS_BASE)
	@$(OBJCOPY) --strip-all $@.full $@

$(BUILD)/lib/libpenstock-aws.so.1: $(AWS_OBJECTS) runtime/penstock-aws.list
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(LDFLAGS_ALL) -shared -Wl,-Map=$@.map -Wl,-soname,$(@F) -Wl,-z,nodelete -Wl,--exclude-libs,ALL -Wl,--wrap=dlopen \
		-Wl,--version-script=runtime/penstock-aws.list -o $@.full $(AWS_OBJECTS) $(LIBS_AWS)
	@$(OBJCOPY) --strip-all $@.full $@

# Beside the library, where it is looked for: the roots of AWS's own hosts.
$(BUILD)/lib/amazon-roots: | ready
	@mkdir -p $(@D)
	@cp -r $(PENSTOCK_DEPS)/ca/amazon-roots $@

# A function holds its own code and the record and event code it uses, nothing of the other two objects.
define function_rules
FUNCTION_OBJECTS_$(1) := $$(call objects,$$(wildcard functions/$(1)/*.c))
$$(BUILD)/functions/$(1).a: $$(FUNCTION_OBJECTS_$(1))
	@mkdir -p $$(@D)
	@rm -f $$@ && $$(AR) rcsD $$@ $$^
$$(BUILD)/functions/$(1).so: $$(FUNCTION_OBJECTS_$(1)) $$(BUILD)/librecord-event.a $$(BUILD)/lib/libpenstock-aws.so.1
	@mkdir -p $$(@D)
	@echo "  LD    $$@"
	@$$(CC) $$(LDFLAGS_ALL) -shared -Wl,-Map=$$@.map -Wl,-soname,$$(@F) -Wl,--exclude-libs,ALL -o $$@.full $$(FUNCTION_OBJECTS_$(1)) \
		$$(BUILD)/librecord-event.a $$(LIBS_RECORD) $$(LIBS_SCAN) -Wl,--as-needed $$(BUILD)/lib/libpenstock-aws.so.1
	@$$(OBJCOPY) --strip-all $$@.full $$@
endef
$(foreach function,$(FUNCTIONS),$(eval $(call function_rules,$(function))))

$(BUILD)/librecord-event.a: $(HANDLER_ROOM_OBJECTS)
	@mkdir -p $(@D)
	@rm -f $@ && $(AR) rcsD $@ $^

# What ships needs only glibc up to 2.34, and each object only what the others give it.
$(BUILD)/.checked: $(BUILD)/bootstrap $(BUILD)/penstock $(BUILD)/lib/libpenstock-aws.so.1 $(FUNCTIONS:%=$(BUILD)/functions/%.so) scripts/check-symbols
	@scripts/check-symbols $(BUILD) $(ARCH)
	@touch $@

# -- one static program each: the command-line tool, tests, benches ---------------------------------------------------
$(BUILD)/libpenstock.a: $(filter-out $(MAIN_OBJECT),$(ROOM_OBJECTS))
	@rm -f $@ && $(AR) rcsD $@ $^

$(BUILD)/libsupport.a: $(SUPPORT_OBJECTS)
	@rm -f $@ && $(AR) rcsD $@ $^

STATIC_LIBS = $(BUILD)/libpenstock.a $(LIBS_RECORD) $(LIBS_SCAN) $(LIBS_BASE) $(LIBS_AWS)

# Functions share names (each has its settings_check): what a command takes of a second one is linked into it first, and
# only the command's own names leave it.
COMMANDS_APART := rows decode alerts dispatcher extractor
$(COMMANDS_APART:%=$(BUILD)/tools/command_%.o): $(BUILD)/tools/command_%.o: $(BUILD)/obj/tools/command_%.o
	@mkdir -p $(@D)
	@$(LD) -r -o $@ $(filter %.o,$^) $(filter %.a,$^)
	@$(OBJCOPY) --keep-global-symbol=command_$* --keep-global-symbol=command_$*_settings $@
$(BUILD)/tools/command_rows.o: $(BUILD)/functions/stream-consumer.a
$(BUILD)/tools/command_decode.o: $(BUILD)/functions/cloudwatch-decoder.a
$(BUILD)/tools/command_alerts.o: $(BUILD)/functions/alerter.a
$(BUILD)/tools/command_dispatcher.o: $(BUILD)/functions/upload-dispatcher.a
$(BUILD)/tools/command_extractor.o: $(BUILD)/functions/log-extractor.a

TOOL_OBJECTS := $(filter-out $(COMMANDS_APART:%=$(BUILD)/obj/tools/command_%.o),$(call objects,$(wildcard tools/*.c))) \
	$(COMMANDS_APART:%=$(BUILD)/tools/command_%.o)
# What the tool is made of, for its tests and fuzzers.
$(BUILD)/tools.a: $(filter-out %/penstock.o,$(TOOL_OBJECTS))
	@rm -f $@ && $(AR) rcsD $@ $^

$(BUILD)/penstock: $(TOOL_OBJECTS) $(BUILD)/functions/log-processor.a $(BUILD)/libpenstock.a
	@echo "  LD    $@"
	@$(CC) $(LDFLAGS_ALL) -pie -Wl,-Map=$@.map -o $@.full $(filter %.o,$^) $(filter %/log-processor.a,$^) $(STATIC_LIBS)
	@$(OBJCOPY) --strip-all $@.full $@

.SECONDEXPANSION:
# The archive of the function whose tests these are, if any: tests/unit/functions/<name>/test_x.c; or of the tool.
function_archive = $(patsubst tests/unit/functions/%/,$(BUILD)/functions/%.a,$(filter tests/unit/functions/%,$(dir $(1)))) \
	$(patsubst %,$(BUILD)/tools.a,$(filter tests/unit/tools/%,$(1))) \
	$(patsubst %,$(BUILD)/functions/log-extractor.a,$(filter tests/integration/test_summary,$(1)))

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/libsupport.a $(BUILD)/libpenstock.a $$(call function_archive,tests/$$*)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(LDFLAGS_ALL) -o $@ $< $(call function_archive,tests/$*) $(BUILD)/libsupport.a $(STATIC_LIBS) -ljansson

$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(BUILD)/libsupport.a $(BUILD)/libpenstock.a $(BUILD)/functions/log-processor.a
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(LDFLAGS_ALL) -o $@ $< $(BUILD)/functions/log-processor.a $(BUILD)/libsupport.a $(STATIC_LIBS)

FUZZED := $(BUILD)/tools.a $(BUILD)/functions/alerter.a $(BUILD)/functions/log-extractor.a
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(FUZZED) $(BUILD)/libpenstock.a
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $< $(FUZZED) $(STATIC_LIBS)

# What `make bench-runtime` measures beside the bootstrap, and the server that does it.
RUNTIME_BENCH := $(BUILD)/bench/runtime_server $(BUILD)/bench/floor $(BUILD)/bench/crash.so

$(BUILD)/bench/floor: tests/bench/rivals/runtime/floor.c
	@mkdir -p $(@D)
	@$(CC) -O2 $(WARNINGS) -s -o $@ $<

$(BUILD)/bench/crash.so: $(BUILD)/obj/tests/bench/rivals/runtime/crash.o
	@mkdir -p $(@D)
	@$(CC) $(LDFLAGS_ALL) -shared -o $@ $<

# -- running -----------------------------------------------------------------------------------------------------------
RUNTIME_API_SERVER := $(BUILD)/tests/tools/runtime_api_server
FUNCTION ?= echo

.PHONY: invoke
invoke: $(BUILD)/bootstrap $(BUILD)/functions/$(FUNCTION).so $(RUNTIME_API_SERVER) ## one event through the bootstrap: make invoke FUNCTION=echo EVENT=events/x.json
	@$(RUNTIME_API_SERVER) --bootstrap $(BUILD)/bootstrap --handler $(FUNCTION) --timing $(or $(EVENT),$(error EVENT=file.json is missing))

.PHONY: run
run: all $(RUNTIME_API_SERVER) ## send the sample events into real servers on loopback and show what became of them (LANE=logs, stream or files; KEEP=1 leaves them running)
	@$(SETUP) $(if $(filter stream files,$(LANE)),test,run) || echo "run: set-up is not complete: see above"
	@LANE=$(LANE) scripts/run-local $(BUILD) $(EVENTS)

# -- tests -----------------------------------------------------------------------------------------------------------
.PHONY: unit
unit: $(UNIT_TESTS) ## unit tests, mirrors of the sources (TEST=part-of-name for some)
	@tests/run-programs $(UNIT_TESTS)

# The page of handlers is of no architecture: its commands are typed as they stand, with the machine's own build.
.PHONY: objects
objects: $(BUILD)/bootstrap $(BUILD)/functions/echo.so $(RUNTIME_API_SERVER) ## the bootstrap as a process: handler ABI, init errors, crashes, modes, docs/handlers.md
	@BUILD=$(BUILD) CC=$(CC) tests/run-programs tests/check-objects tests/check-modes $(if $(CROSS),,tests/check-handlers-page)

.PHONY: golden
golden: $(BUILD)/penstock ## whole events against the documents they must become
	@scripts/gen-settings $(BUILD) --check
	@tests/run-golden $(BUILD)

.PHONY: arm64
arm64: ## the arm64 release on an x86_64 host: build, unit, objects and golden under an emulator (ARCH=arm64 for other targets)
	@tests/run-arm64

.PHONY: integration
integration: all $(RUNTIME_API_SERVER) $(BUILD)/tests/tools/range_server $(INTEGRATION_TESTS) ## the road against real servers on loopback (CASES=path... for some)
	@$(SETUP) all
	@tests/run-integration $(BUILD) $(CASES)

.PHONY: deploy-check
deploy-check: all $(RUNTIME_API_SERVER) ## what is deployed, checked without AWS (CHECKS="template layers" for some)
	@scripts/deploy-tools install || echo "deploy-check: what needs these tools is skipped"
	@tests/run-deploy $(BUILD) $(CHECKS)

.PHONY: test
test: ## everything: lint, unit, golden, arm64, sanitizers, a fuzz smoke, integration, deployment; ends in "N passed, N failed"
	@tests/run-all

.PHONY: asan
asan: ## unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory MODE=asan unit

# Only what runs on several threads: the rest would be the same as without. ThreadSanitizer must see fatal signals and
# system calls itself, so that tests which stand in for those are left out.
THREADED_TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(filter-out %/test_crash.c %/test_api.c,$(wildcard tests/unit/lambda/test_*.c) \
	tests/unit/host/test_log.c tests/unit/aws/test_several_clients.c))

.PHONY: threaded
threaded: $(THREADED_TESTS)
	@tests/run-programs $(THREADED_TESTS)

.PHONY: tsan
tsan: ## the tests of what runs on several threads, under ThreadSanitizer
	@$(MAKE) --no-print-directory MODE=tsan threaded

.PHONY: fuzz
fuzz: ## every fuzzer for FUZZ_SECONDS (60) each
	@$(MAKE) --no-print-directory MODE=fuzz fuzzers
	@tests/run-fuzzers build/fuzz/fuzz $${FUZZ_SECONDS:-60}

.PHONY: fuzzers
fuzzers: $(FUZZERS:%=$(BUILD)/fuzz/%)

.PHONY: bench
bench: all $(BENCHES) $(RUNTIME_API_SERVER) $(BUILD)/tests/tools/bulk_server ## MB/s beside a Python and a Node handler in the same run; start and memory
	@tests/bench/run-start $(BUILD)
	@tests/bench/run-bench $(BUILD)

.PHONY: bench-runtime
bench-runtime: all $(RUNTIME_BENCH) ## the runtime beside the other Runtime API clients that are built (scripts/runtime-rivals install)
	@tests/bench/run-runtime $(BUILD)

.PHONY: bench-stream
bench-stream: all $(BUILD)/tests/tools/answer_server ## the stream consumer beside a Python handler (scripts/runtime-rivals install python-stream)
	@tests/bench/run-stream $(BUILD)

.PHONY: bench-scan
bench-scan: $(BUILD)/bench/bench_scan $(BUILD)/bench/bench_scan_gzip ## the scan of log files beside a Python service's
	@tests/bench/run-scan $(BUILD)

.PHONY: package
package: all ## dist/<arch>/: each function's zip and the runtime layer's (STANDALONE=1: zips with both)
	@scripts/package $(BUILD) $(DIST)

# -- what `sam build` calls ------------------------------------------------------------------------------------------
# make build-<LogicalId> leaves in ARTIFACTS_DIR what the zip or the layer holds. sam calls an empty folder a success, so what
# is missing or empty fails here. Several may be called at once: one builds, the others wait. sam prints what stands in stdout.
SAM_FUNCTIONS := LogProcessor:log-processor StreamConsumer:stream-consumer CloudWatchDecoder:cloudwatch-decoder \
	Alerter:alerter UploadDispatcher:upload-dispatcher LogExtractor:log-extractor
sam_object = $(patsubst $*:%,%.so,$(filter $*:%,$(SAM_FUNCTIONS)))

.PHONY: sam-built
sam-built:
	@test -n "$(ARTIFACTS_DIR)" || { echo "ARTIFACTS_DIR is not set: sam build calls this target" >&2; exit 2; }
	@mkdir -p $(BUILD)
	@flock $(BUILD)/.sam-lock $(MAKE) -s --no-print-directory all >&2

build-%Function: sam-built
	@install -m 755 $(BUILD)/functions/$(sam_object) "$(ARTIFACTS_DIR)/"
	@test -s "$(ARTIFACTS_DIR)/$(sam_object)"

.PHONY: build-RuntimeLayer
build-RuntimeLayer: sam-built
	@install -d "$(ARTIFACTS_DIR)/lib/amazon-roots"
	@install -m 755 $(BUILD)/bootstrap "$(ARTIFACTS_DIR)/"
	@install -m 755 $(BUILD)/lib/libpenstock-aws.so.1 "$(ARTIFACTS_DIR)/lib/"
	@install -m 644 $(BUILD)/lib/amazon-roots/* "$(ARTIFACTS_DIR)/lib/amazon-roots/"
	@cd "$(ARTIFACTS_DIR)" && for file in bootstrap lib/*.so.1 lib/amazon-roots/*.0; do test -s "$$file" || exit 1; done

.PHONY: release
release: ## dist/release/<version>/: zips for both architectures, template, Terraform, SBOM, SHA256SUMS (DRAFT=1: of what is not yet released)
	@scripts/release

.PHONY: lint
lint: ## rooms, headers alone, formatting, clang-tidy
	@$(SETUP) test
	@scripts/check-rooms
	@scripts/check-headers
	@scripts/check-format
	@scripts/check-tidy

.PHONY: format
format: ## rewrite sources with clang-format
	@scripts/check-format --fix

.PHONY: clean
clean: ## remove build and dist (the libraries in .deps stay)
	@rm -rf build dist

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
.SECONDARY:
.DELETE_ON_ERROR:
