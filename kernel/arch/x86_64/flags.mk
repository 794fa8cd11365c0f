# SPDX-License-Identifier: MIT
# What the build of the kernel and of its programs must know of x86_64.
KERNEL_ARCH_FLAGS := -mno-red-zone -mgeneral-regs-only -mcmodel=kernel
# What boots: kernel, the ELF file, or kernel.bin, the same as a flat binary.
KERNEL_IMAGE := kernel
# Guest programs are built with each of these; the first one builds user/.
LIBCS := musl glibc pie
CC_musl := musl-gcc -static
CC_glibc := gcc -static
CC_pie := gcc -static-pie
BUSYBOX := /bin/busybox
