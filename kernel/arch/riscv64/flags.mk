# SPDX-License-Identifier: MIT
# What the build of the kernel and of its programs must know of riscv64.
KERNEL_ARCH_FLAGS := -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -mno-relax -momit-leaf-frame-pointer
# What boots: kernel, the ELF file, or kernel.bin, the same as a flat binary.
KERNEL_IMAGE := kernel
# Guest programs are built with each of these; the first one builds user/.
# Debian's cross glibc has no static position-independent start-up code (rcrt1.o).
LIBCS := glibc
CC_glibc := riscv64-linux-gnu-gcc -static
BUSYBOX :=
