# SPDX-License-Identifier: MIT
# How C tests for riscv64 are built and run. Debian has no cmocka for it, so layer by layer they are made to do without.
TEST_CC := riscv64-linux-gnu-gcc -static
TEST_RUN := qemu-riscv64
TEST_LAYERS :=
TEST_LIBS :=
