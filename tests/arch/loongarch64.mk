# SPDX-License-Identifier: MIT
# How C tests for loongarch64 are built and run: with tests/nolibc, by QEMU's user mode. Layer unit needs 128-bit division
# and ptrace, layer image more of elf.h and stdio, than nolibc has.
TEST_CC := $(CC) $(NOLIBC_FLAGS) -Xclang -fexperimental-max-bitint-width=256 -DCOUNTER_IN_MEMORY
TEST_RUN := qemu-loongarch64
TEST_LAYERS := page
TEST_LIBS = -static -nostdlib -fuse-ld=lld $B/nolibc.a
