# SPDX-License-Identifier: MIT
# What the build of the kernel and of its programs must know of aarch64.
KERNEL_ARCH_FLAGS := -march=armv8-a -mgeneral-regs-only -mcmodel=small -mno-outline-atomics -mbranch-protection=none
# Guest programs are built with each of these; the first one builds user/.
LIBCS := glibc pie
CC_glibc := aarch64-linux-gnu-gcc -static
CC_pie := aarch64-linux-gnu-gcc -static-pie
BUSYBOX :=
# QEMU gives a flat image with the arm64 boot header an initrd and the device tree's address; an ELF file gets neither.
KERNEL_IMAGE := kernel.bin
