# SPDX-License-Identifier: MIT
# How C tests for loongarch64 are built and run: there is no libc for it here.
TEST_CC := false
TEST_RUN := qemu-loongarch64
TEST_LAYERS :=
TEST_LIBS :=
