# SPDX-License-Identifier: MIT
# What the build of the kernel and of its programs must know of loongarch64.
# No FPU and vector registers, not even for copies.
KERNEL_ARCH_FLAGS := -msoft-float -momit-leaf-frame-pointer
# 16 KiB, as Linux has by default: QEMU 7.2 maps nothing smaller.
PAGE_SHIFT := 14
# What boots: kernel, the ELF file, or kernel.bin, the same as a flat binary.
KERNEL_IMAGE := kernel
# Debian has no C library for it; QEMU before 8.1 has no vector registers, which clang-19 uses where it may.
LIBCS := nolibc
NOLIBC_ARCH_FLAGS := -mno-lsx
BUSYBOX :=
