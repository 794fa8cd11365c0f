# SPDX-License-Identifier: MIT
# vdk's build: everything goes to build/<arch>/ and build/host/; sources are found by glob. `make` lists the targets.

ARCH ?= x86_64
ARCHS := $(notdir $(wildcard kit/arch/*))
ifeq ($(filter $(ARCH),$(ARCHS)),)
$(error ARCH=$(ARCH): unknown architecture; known: $(ARCHS))
endif

B := build/$(ARCH)
O := $B/obj
H := build/host
CC := clang-19
LD := ld.lld-19
HOSTCC ?= clang-19

WARN := -Wall -Wextra -Wshadow -Wundef -Wmissing-prototypes -Wstrict-prototypes -Werror
include kit/arch/$(ARCH)/flags.mk
-include kernel/arch/$(ARCH)/flags.mk
TARGET := --target=$(TRIPLE)
FREE := -std=gnu11 -ffreestanding -nostdinc -isystem $(dir $(shell $(CC) -print-file-name=include/stddef.h)) $(WARN) -g -MMD -MP
HOSTFLAGS := -std=gnu11 -O2 -g $(WARN) -MMD -MP

.DEFAULT_GOAL := help
.SECONDARY:
.DELETE_ON_ERROR:
# One short line per step, none with -s; `make V=1` shows the commands.
SILENT := $(findstring s,$(firstword -$(MAKEFLAGS)))
say = $(if $V,,@$(if $(SILENT),,echo '  $1	$@';))

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  ARCH=$(ARCH) (of: $(ARCHS))"

# --- The kit's user side: the image -------------------------------------------------------------------------------
IMAGE_FLAGS := $(TARGET) $(FREE) $(IMAGE_ARCH_FLAGS) -O2 -fPIC -fvisibility=hidden -fno-stack-protector -fno-jump-tables \
	-fno-builtin -fasynchronous-unwind-tables -fno-common -falign-loops=1 -Ikit/include -Ikit/arch/$(ARCH) -Ikit
IMAGE_OBJ := $(patsubst %.c,$O/%.o,$(wildcard kit/image/*.c)) $(patsubst %.S,$O/%.o,$(wildcard kit/arch/$(ARCH)/*.S))

# For the page of others: docs/decisions/linux-6.1-layout.md.
LINUX_IMAGE_OBJ := $(patsubst %.c,$O/%.o,$(wildcard kit/image/linux_6_1/*.c)) $(patsubst %.S,$O/%.o,$(wildcard kit/arch/$(ARCH)/*.S))

image: $B/vdso.so $B/vdso-image.h $B/vdso-linux-6.1.so ## the vDSO, build/<arch>/vdso.so, and one for Linux's page, audited

$O/kit/image/%.o: kit/image/%.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(IMAGE_FLAGS) -c -o $@ $<

$O/kit/arch/$(ARCH)/%.o: kit/arch/$(ARCH)/%.S
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(IMAGE_FLAGS) -c -o $@ $<

$B/vdso.lds $B/vdso-linux-6.1.lds: kit/image/vdso.lds.S kit/arch/$(ARCH)/exports.h
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(TARGET) -E -P -x assembler-with-cpp -Ikit/include -Ikit/arch/$(ARCH) $(if $(findstring linux,$(@F)),-DVDK_LAYOUT_LINUX_6_1) -MMD -MT $@ -MF $@.d -o $@ $<

LINK_IMAGE = $(LD) -shared --hash-style=$(or $(IMAGE_HASH_STYLE),both) --build-id=sha1 --eh-frame-hdr -Bsymbolic --no-undefined --strip-debug --discard-locals \
	-z noexecstack -z norelro -z rodynamic -z max-page-size=4096 -soname linux-vdso.so.1 -T $(@:.so=.lds) -o $@.tmp $(filter %.o,$^)

$B/vdso-linux-6.1.so: $(LINUX_IMAGE_OBJ) $B/vdso-linux-6.1.lds $H/vdsoctl
	$(call say,LD)$(LINK_IMAGE)
	$(call say,AUDIT)$H/vdsoctl audit $@.tmp > $@.audit || { grep FAIL $@.audit >&2; exit 1; }
	@mv $@.tmp $@

$B/vdso.so: $(IMAGE_OBJ) $B/vdso.lds $H/vdsoctl
	$(call say,LD)$(LINK_IMAGE)
	$(call say,AUDIT)$H/vdsoctl header $@.tmp $B/vdso-image.h
	@mv $@.tmp $@

$B/vdso-image.h: $B/vdso.so ;

vdsoctl: $H/vdsoctl ## what lists, audits and watches vDSOs, build/host/vdsoctl

# What audits images, and looks into those of processes; of the kit, it takes the read path.
$H/obj/host/vdsoctl/%.o: host/vdsoctl/%.c
	@mkdir -p $(@D)
	$(call say,HOSTCC)$(HOSTCC) $(HOSTFLAGS) -Ikit/include -Ikit -Ikit/arch/$(MACHINE) -c -o $@ $<

$H/vdsoctl: $(patsubst %.c,$H/obj/%.o,$(wildcard host/vdsoctl/*.c))
	$(call say,HOSTCC)$(HOSTCC) -o $@ $^ -lelf -ldw -ljansson -lm

# --- The kit's kernel side: a library -----------------------------------------------------------------------------
KIT_FLAGS := $(TARGET) $(FREE) $(KERNEL_ARCH_FLAGS) -O2 -fno-pic -fno-stack-protector -Ikit/include -Ikit
KIT_OBJ := $(patsubst %.c,$O/%.o,$(wildcard kit/time/*.c))

$O/kit/time/%.o: kit/time/%.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(KIT_FLAGS) -c -o $@ $<

# The whole kernel side in one object; and with the stub port, whose undefined symbols are what a kernel supplies.
$B/kit.o: $(KIT_OBJ)
	$(call say,LD)$(LD) -r -o $@ $^

$B/template.o: $O/kit/template/port.o $B/kit.o
	$(call say,LD)$(LD) -r -o $@ $^

$O/kit/template/%.o: kit/template/%.c $B/vdso-image.h
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(TARGET) $(FREE) $(KERNEL_ARCH_FLAGS) -O2 -Ikit/include -I$B -c -o $@ $<

# --- The kernel ---------------------------------------------------------------------------------------------------
PAGE_SHIFT ?= 12
KERNEL_FLAGS := $(TARGET) $(FREE) $(KERNEL_ARCH_FLAGS) -DPAGE_SHIFT=$(PAGE_SHIFT) -O2 -fno-pic -fno-stack-protector -fno-omit-frame-pointer \
	-Ikernel -Ikernel/arch/$(ARCH) -Ikit/include -I$B
KERNEL_SRC := $(filter-out %.lds.S,$(wildcard kernel/*.[cS] kernel/*/*.[cS] kernel/arch/$(ARCH)/*.[cS]))
KERNEL_OBJ := $(patsubst %,$O/%.o,$(KERNEL_SRC))

kernel: $B/kernel ## the kernel, build/<arch>/kernel

$O/kernel/%.o: kernel/% $B/syscall-numbers.h $B/vdso-image.h
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(KERNEL_FLAGS) -c -o $@ $<

$O/kernel/vdso.c.o $O/kernel/image.S.o: $B/vdso.so

$B/kernel.lds: kernel/boot/kernel.lds.S kernel/arch/$(ARCH)/layout.h
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(TARGET) -E -P -x assembler-with-cpp -DPAGE_SHIFT=$(PAGE_SHIFT) -Ikernel/arch/$(ARCH) -o $@ $<

KERNEL_LINK = $(LD) -static -z max-page-size=4096 -z noexecstack --no-dynamic-linker --build-id=none -T $B/kernel.lds \
	-o $@ $(KERNEL_OBJ) $(KIT_OBJ)

$B/kernel: $(KERNEL_OBJ) $(KIT_OBJ) $B/kernel.lds
	$(call say,LD)$(KERNEL_LINK)

# For machines whose boot loader takes no ELF file.
$B/kernel.bin: $B/kernel
	$(call say,LD)$(KERNEL_LINK) --oformat binary

# Names and numbers from the ABI's own header; a call exists if somebody defines sys_<name>.
$B/syscall-numbers.h: tools/syscall-table
	@mkdir -p $(@D)
	$(call say,GEN)tools/syscall-table $(ARCH) $(CC) > $@.tmp
	@mv $@.tmp $@

# --- Programs and the default root file system ----------------------------------------------------------------------
USER_FLAGS := -std=gnu11 -O2 -Wall -Wextra -Werror -MMD -MP -pthread -Itests -Ikit/include
GUEST := $(basename $(notdir $(wildcard tests/guest/*.c)))
USER_BIN := $(patsubst %.c,$B/%,$(wildcard user/*.c)) $(foreach t,$(GUEST),$(addprefix $B/tests/guest/$t-,$(LIBCS)))

# tests/nolibc, for the architectures that Debian has no C library for, and for those that can compare it with one.
NOLIBC_FLAGS := --target=$(ARCH)-linux-gnu $(NOLIBC_ARCH_FLAGS) -nostdlibinc -isystem tests/nolibc/include -I$B -fno-builtin -fno-pic -fno-stack-protector
NOLIBC_OBJ := $(patsubst %,$O/%.o,$(wildcard tests/nolibc/*.c tests/nolibc/arch/$(ARCH)/*.S))
CC_nolibc := $(CC) $(NOLIBC_FLAGS) -static -nostdlib -fuse-ld=lld $B/nolibc.a

$O/tests/nolibc/%.o: tests/nolibc/% $B/syscall-numbers.h
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(NOLIBC_FLAGS) -std=gnu11 -O2 -ffreestanding $(WARN) -MMD -MP -Itests -Itests/nolibc/arch/$(ARCH) -c -o $@ $<

$B/nolibc.a: $(NOLIBC_OBJ)
	$(call say,AR)rm -f $@; llvm-ar-19 rcs $@ $^

$(if $(filter nolibc,$(firstword $(LIBCS))),$(USER_BIN),$(filter %-nolibc,$(USER_BIN))): $B/nolibc.a

$B/user/%: user/%.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC_$(firstword $(LIBCS))) $(USER_FLAGS) -o $@ $<

$B/tests/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC_$(firstword $(LIBCS))) $(USER_FLAGS) -o $@ $<

define guest_rule
$B/tests/guest/%-$(1): tests/guest/%.c
	@mkdir -p $$(@D)
	$$(call say,CC)$$(CC_$(1)) $$(USER_FLAGS) -o $$@ $$<
endef
$(foreach l,$(LIBCS),$(eval $(call guest_rule,$l)))

root: $B/root.stamp ## the default root file system, build/<arch>/root

$B/root.stamp: tools/make-root $(USER_BIN)
	$(call say,GEN)tools/make-root '$(BUSYBOX)' $B/root $(USER_BIN)
	@touch $@

boot-files: $B/kernel $B/$(KERNEL_IMAGE) $B/root.stamp

run: boot-files ## boot the kernel and run the main program
	@tools/boot --arch $(ARCH) -- /bin/hello

# --- The Linux port: for the machine that builds it, or, static, for another ------------------------------------------
MACHINE := $(shell uname -m)
NATIVE := $(filter $(ARCH),$(MACHINE))
HOST_PORT := $(if $(NATIVE),$(wildcard host/arch/$(MACHINE)/bench_machine.h))
R := $(if $(NATIVE),$H,$B/host)
R_CC := $(if $(NATIVE),$(HOSTCC),$(CC) --target=$(ARCH)-linux-gnu)
R_OBJ := $(patsubst %,$R/obj/%.o,$(wildcard host/vdsorun/*.[cS] kit/time/*.c))
# This machine, or one that there is a cross libc for.
R_PORT := $(and $(wildcard host/arch/$(ARCH)/machine.h),$(or $(NATIVE),$(wildcard /usr/$(ARCH)-linux-gnu/lib/libc.a)))

vdsorun: $(if $(R_PORT),$R/vdsorun,no-host-port) ## run a program on vdk's vDSO, build/host/vdsorun; for another machine build/<arch>/host/vdsorun

no-host-port:
	@echo "make: vdsorun and bench for ARCH=$(ARCH) on a machine that is $(MACHINE): there is none" >&2; exit 1

$R/obj/%.o: % $B/vdso-image.h
	@mkdir -p $(@D)
	$(call say,HOSTCC)$(R_CC) $(HOSTFLAGS) -Ihost/vdsorun -Ihost/arch/$(ARCH) -Ikit/include $(if $(filter kit/%,$<),-Ikit) -I$B -c -o $@ $<

$R/obj/host/vdsorun/image.S.o: $B/vdso.so

$R/vdsorun: $(R_OBJ)
	$(call say,HOSTCC)$(R_CC) $(if $(NATIVE),,-static -fuse-ld=lld) -o $@ $^ -lm

# --- The benchmark: of this machine, natively -------------------------------------------------------------------------
N := build/bench
BENCH_OBJ := $(patsubst %.c,$H/obj/%.o,$(wildcard host/bench/*.c)) $(patsubst %,$H/obj/%.o,$(wildcard kit/time/*.c))

bench: $(if $(HOST_PORT),$H/bench,no-host-port) $B/vdso.so ## vdk beside the host's vDSO: ROUNDS=41 CALLS=100000000 IMAGE=build/<arch>/vdso.so
	$H/bench $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(CALLS),--calls $(CALLS)) $(if $(COUNTER),--counter $(COUNTER)) --image $(or $(IMAGE),$B/vdso.so) --out $N
	@if command -v gnuplot > /dev/null; then gnuplot -c host/bench/plots.gp $N && ls $N/bench.json $N/*.svg; \
	else ls $N/bench.json; echo 'No plots: there is no gnuplot here (tools/need bench installs it).'; fi

$H/obj/host/bench/%.o: host/bench/%.c $B/vdso-image.h
	@mkdir -p $(@D)
	$(call say,HOSTCC)$(HOSTCC) $(HOSTFLAGS) -Ihost/arch/$(ARCH) -Ikit/include -Ikit -Itests -I$B -pthread -c -o $@ $<

$H/bench: $(BENCH_OBJ)
	$(call say,HOSTCC)$(HOSTCC) -pthread -o $@ $^ -ljansson -lm

# --- Pictures of the clocks: docs/timekeeping.md ----------------------------------------------------------------------
P := build/plots
GUEST_CLOCKS = tools/boot --arch $(ARCH) --icount --timeout 600 --add $B/tests/plots/clocks -- /clocks

plots: boot-files $B/tests/plots/clocks $H/drift ## pictures of slews, leap seconds and errors, build/plots/*.svg
	@mkdir -p $P
	$(GUEST_CLOCKS) slew > $P/slew.dat
	$(GUEST_CLOCKS) reads > $P/reads.dat
	$H/drift > $P/drift.dat
	@if command -v gnuplot > /dev/null; then gnuplot -c tests/plots/plots.gp $P && ls $P/*.svg; \
	else ls $P/*.dat; echo 'No plots: there is no gnuplot here (tools/need bench installs it).'; fi

$B/tests/plots/%: tests/plots/%.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC_$(firstword $(LIBCS))) $(USER_FLAGS) -o $@ $<

$H/drift: $(patsubst %,$H/obj/%.o,tests/plots/drift.c $(wildcard kit/time/*.c))
	$(call say,HOSTCC)$(HOSTCC) -o $@ $^ -lgmp

# --- Tests: TAP, by prove, fast first -------------------------------------------------------------------------------
# tests/arch/<a>.mk: TEST_CC and TEST_LIBS build a test for the architecture, TEST_RUN runs it here, TEST_LAYERS have C
# programs for it.
-include tests/arch/$(ARCH).mk
TEST_ARCHS ?= $(filter $(ARCHS),$(notdir $(wildcard kernel/arch/*)))
LAYERS := project litmus proofs unit page model kit image tools host linux guest
# Tests that know no architecture run once.
ONCE := $(if $(filter $(ARCH),$(firstword $(TEST_ARCHS))),,project litmus proofs) $(if $(HOST_PORT),,host) $(if $(NATIVE),linux,$(if $(R_PORT),,linux))
TESTFLAGS := -std=gnu11 -O2 -g $(WARN) -MMD -MP -Itests -Itests/unit -Ikit/include -Ikit -Ikit/arch/$(ARCH) -Ikernel -I$B -pthread
UNIT := $(patsubst %.c,$B/%,$(foreach l,$(filter unit page,$(TEST_LAYERS)),$(wildcard tests/$l/*.c)))
IMAGE_TESTS := $(patsubst %.c,$B/%,$(foreach l,$(filter image,$(TEST_LAYERS)),$(wildcard tests/$l/*.c)))

# What tests link is an object of its own: one command with two sources would keep the headers of only the last.
TEST_KIT := $(patsubst %.c,$B/tests/obj/%.o,$(wildcard kit/time/*.c))

$B/tests/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,TESTCC)$(TEST_CC) $(TESTFLAGS) -c -o $@ $<

$B/tests/unit/traps: $B/tests/obj/kernel/trap/trap.o
$(UNIT): $B/%: %.c $(TEST_KIT)
	@mkdir -p $(@D)
	$(call say,TESTCC)$(TEST_CC) $(TESTFLAGS) -o $@ $< $(filter %.o,$^) $(TEST_LIBS)

$(IMAGE_TESTS): $B/%: %.c $(TEST_KIT) $B/vdso-image.h
	@mkdir -p $(@D)
	$(call say,TESTCC)$(TEST_CC) $(TESTFLAGS) -o $@ $< $(filter %.o,$^) $(TEST_LIBS)

# The exact reference, one program of several files; the reference itself sees only the public headers.
MODEL := $(if $(filter model,$(TEST_LAYERS)),$B/tests/model/model)

$(addprefix $B/tests/obj/tests/model/,exact.o adjust.o rational.o): TESTFLAGS := $(filter-out -Ikit -Ikernel,$(TESTFLAGS))
$B/tests/model/model: $(patsubst %.c,$B/tests/obj/%.o,$(wildcard tests/model/*.c)) $(TEST_KIT)
	@mkdir -p $(@D)
	$(call say,TESTCC)$(TEST_CC) -o $@ $^ -lgmp

model: $B/tests/model/model ## random histories against exact arithmetic: SEED=n OPS=1000000
	$< $(SEED) $(if $(SEED),$(OPS))

# Programs that tests/host looks into.
HOST_TESTED := $(patsubst %.c,$B/%,$(if $(HOST_PORT),tests/host/ticker.c))

$(HOST_TESTED): $B/%: %.c $(TEST_KIT) $B/vdso-image.h
	@mkdir -p $(@D)
	$(call say,TESTCC)$(TEST_CC) $(TESTFLAGS) -o $@ $< $(filter %.o,$^) $(TEST_LIBS)

# What prove runs: for each test and architecture a script that names both, build/<arch>/t/<layer>/<test>.t.
SCRIPTS := $(wildcard $(patsubst %,tests/%/*.t,$(filter-out $(ONCE),$(LAYERS))))
STUBS := $(patsubst $B/tests/%,$B/t/%.t,$(UNIT) $(MODEL) $(IMAGE_TESTS)) $(patsubst tests/%,$B/t/%,$(SCRIPTS))
stub = @mkdir -p $(@D); printf '\#!/bin/sh\nARCH=$(ARCH) VDK_BUILD=$B exec %s\n' '$1' > $@; chmod +x $@

$(patsubst $B/tests/%,$B/t/%.t,$(UNIT) $(MODEL) $(IMAGE_TESTS)): $B/t/%.t: $B/tests/%
	$(call stub,$(strip $(TEST_RUN) $<))

$(patsubst tests/%,$B/t/%,$(SCRIPTS)): $B/t/%.t: tests/%.t
	$(call stub,$<)

test-files: boot-files image $(STUBS) $(if $(R_PORT),$R/vdsorun) $(if $(HOST_PORT),$H/bench $(HOST_TESTED))
	@for stub in $(STUBS); do echo $$stub; done > $B/t/list

# One run of prove for all architectures, so that its last line counts all tests: layer by layer, two tests at a time.
TEST_JOBS ?= 2
test: ## every test, of all architectures or of TEST_ARCHS
	+@for arch in $(TEST_ARCHS); do $(MAKE) --no-print-directory ARCH=$$arch test-files || exit; done
	prove --timer -j$(TEST_JOBS) $$(for layer in $(LAYERS); do grep -h "/t/$$layer/" $(TEST_ARCHS:%=build/%/t/list); done)

mutants: ## each defect of tests/mutants/*.patch is noticed by a test: MUTANTS="names"
	tools/need test
	tests/mutants/run $(MUTANTS)

proofs: ## the latch in Spin and the arithmetic for all inputs, larger than in `make test`: docs/proofs.md
	tools/need proofs
	VDK_PROOFS=full VDK_BUILD=$B prove --timer -j$(TEST_JOBS) tests/proofs/*.t

docs: ## what is generated of docs/
	tools/new-arch > docs/new-arch.md

clean: ## remove build/
	rm -rf build

.PHONY: docs mutants proofs help vdsoctl vdsorun bench no-host-port image kernel root boot-files run test-files test model plots clean
-include $(shell find $B $H -name '*.d' 2>/dev/null)
