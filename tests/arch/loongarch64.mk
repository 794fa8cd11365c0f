# SPDX-License-Identifier: MIT
# How C tests for loongarch64 are built and run: with tests/nolibc, by QEMU's user mode. No layer is whole yet: page/clocks needs a
# counter in order, and QEMU 7.2 reads the host's by a bare RDTSC there; image needs more of elf.h and stdio than nolibc has.
TEST_CC := $(CC) $(NOLIBC_FLAGS) -Xclang -fexperimental-max-bitint-width=256
TEST_RUN := qemu-loongarch64
TEST_LAYERS :=
TEST_LIBS = -static -nostdlib -fuse-ld=lld $B/nolibc.a
