# SPDX-License-Identifier: MIT
# vdk's build: everything goes to build/<arch>/ and build/host/; sources are found by glob. `make` lists the targets.

ARCH ?= x86_64
ARCHS := $(notdir $(wildcard kit/arch/*))
ifeq ($(filter $(ARCH),$(ARCHS)),)
$(error ARCH=$(ARCH): unknown architecture; known: $(ARCHS))
endif

B := build/$(ARCH)
H := build/host
CC := clang-19
LD := ld.lld-19
HOSTCC ?= clang-19

WARN := -Wall -Wextra -Wshadow -Wundef -Wmissing-prototypes -Wstrict-prototypes -Werror
include kit/arch/$(ARCH)/flags.mk
TARGET := --target=$(TRIPLE)
FREE := -std=gnu11 -ffreestanding -nostdinc -isystem $(shell $(CC) -print-resource-dir)/include $(WARN) -g -MMD -MP
HOSTFLAGS := -std=gnu11 -O2 -g $(WARN) -MMD -MP

.DEFAULT_GOAL := help
.SECONDARY:
.DELETE_ON_ERROR:
SHELL := /bin/bash

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  ARCH=$(ARCH) (of: $(ARCHS))"


# --- The kit's user side: the image -------------------------------------------------------------------------------
IMAGE_FLAGS := $(TARGET) $(FREE) $(IMAGE_ARCH_FLAGS) -O2 -fPIC -fvisibility=hidden -fno-stack-protector -fno-jump-tables \
	-fno-builtin -fasynchronous-unwind-tables -fno-common -Ikit/include -Ikit/arch/$(ARCH) -Ikit
IMAGE_OBJ := $(patsubst %.c,$B/%.o,$(wildcard kit/image/*.c)) $(patsubst %.S,$B/%.o,$(wildcard kit/arch/$(ARCH)/*.S))

image: $B/vdso.so $B/vdso-image.h ## the vDSO, build/<arch>/vdso.so, audited

$B/kit/image/%.o: kit/image/%.c
	@mkdir -p $(@D)
	$(CC) $(IMAGE_FLAGS) -c -o $@ $<

$B/kit/arch/$(ARCH)/%.o: kit/arch/$(ARCH)/%.S
	@mkdir -p $(@D)
	$(CC) $(IMAGE_FLAGS) -c -o $@ $<

$B/vdso.lds: kit/image/vdso.lds.S kit/arch/$(ARCH)/exports.h
	@mkdir -p $(@D)
	$(CC) $(TARGET) -E -P -x assembler-with-cpp -Ikit/include -Ikit/arch/$(ARCH) -MMD -MT $@ -MF $B/vdso.lds.d -o $@ $<

$B/vdso.so: $(IMAGE_OBJ) $B/vdso.lds $H/audit-image
	$(LD) -shared --hash-style=both --build-id=sha1 --eh-frame-hdr -Bsymbolic --no-undefined -z noexecstack -z norelro -z rodynamic --strip-debug \
		-z max-page-size=4096 -z separate-loadable-segments -soname linux-vdso.so.1 -T $B/vdso.lds -o $@.tmp $(IMAGE_OBJ)
	$H/audit-image --header $B/vdso-image.h $@.tmp
	mv $@.tmp $@

$B/vdso-image.h: $B/vdso.so ;

$H/audit-image: tools/audit-image.c
	@mkdir -p $(@D)
	$(HOSTCC) $(HOSTFLAGS) -o $@ $< -lelf -ldw

# --- The kit's kernel side: a library -----------------------------------------------------------------------------
KIT_FLAGS := $(TARGET) $(FREE) $(KERNEL_ARCH_FLAGS) -O2 -fno-pic -fno-stack-protector -Ikit/include -Ikit -Ikit/arch/$(ARCH)
KIT_OBJ := $(patsubst %.c,$B/%.o,$(wildcard kit/time/*.c))

$B/kit/time/%.o: kit/time/%.c
	@mkdir -p $(@D)
	$(CC) $(KIT_FLAGS) -c -o $@ $<

# --- The kernel ---------------------------------------------------------------------------------------------------
KERNEL_FLAGS := $(TARGET) $(FREE) $(KERNEL_ARCH_FLAGS) -O2 -fno-pic -fno-stack-protector -fno-omit-frame-pointer \
	-Ikernel -Ikernel/arch/$(ARCH) -Ikit/include -I$B
KERNEL_SRC := $(wildcard kernel/*.c kernel/*.S $(foreach d,core mm proc fs time trap syscall arch/$(ARCH),kernel/$d/*.c kernel/$d/*.S))
KERNEL_OBJ := $(patsubst %,$B/%.o,$(KERNEL_SRC))

kernel: $B/kernel ## the kernel, build/<arch>/kernel

$B/kernel/%.o: kernel/% $B/syscall-numbers.h $B/vdso-image.h
	@mkdir -p $(@D)
	$(CC) $(KERNEL_FLAGS) -c -o $@ $<

$B/kernel/vdso.c.o $B/kernel/image.S.o: $B/vdso.so

$B/kernel.elf: $(KERNEL_OBJ) $(KIT_OBJ) kernel/arch/$(ARCH)/kernel.lds
	$(LD) -static -z max-page-size=4096 -z noexecstack --no-dynamic-linker --build-id=none -T kernel/arch/$(ARCH)/kernel.lds \
		-o $@ $(KERNEL_OBJ) $(KIT_OBJ)

$B/kernel: $B/kernel.elf
	cp $< $@

# Names and numbers from the ABI's own header; a call exists if somebody defines sys_<name>.
$B/syscall-numbers.h: tools/syscall-table
	@mkdir -p $(@D)
	tools/syscall-table $(ARCH) $(CC) > $@.tmp
	mv $@.tmp $@

clean: ## remove build/
	rm -rf build

.PHONY: help image kernel clean
-include $(shell find build -name '*.d' 2>/dev/null)
