# SPDX-License-Identifier: MIT
# What the build of the kernel and of its programs must know of loongarch64.
# No FPU and vector registers: not even for copies. The triple is the one whose ABI has none.
KERNEL_ARCH_FLAGS := --target=loongarch64-linux-gnusf -msoft-float
# 16 KiB, as Linux has by default: QEMU before 8.2 maps nothing smaller.
PAGE_SHIFT := 14
# What boots: kernel, the ELF file, or kernel.bin, the same as a flat binary.
KERNEL_IMAGE := kernel
# Debian has no C library for it: tests/nolibc.
LIBCS := nolibc
CC_nolibc := tools/nolibc-cc $(ARCH)
BUSYBOX :=
