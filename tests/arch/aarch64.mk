# SPDX-License-Identifier: MIT
# How C tests for aarch64 are built and run: with Debian's cross libc, by QEMU's user mode.
TEST_CC := clang-19 --target=aarch64-linux-gnu -Xclang -fexperimental-max-bitint-width=256 -DCOUNTER_IN_MEMORY
TEST_RUN := qemu-aarch64
TEST_LAYERS := unit page image
TEST_LIBS := -static -fuse-ld=lld
