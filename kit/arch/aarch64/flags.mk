# SPDX-License-Identifier: MIT
# What the build must know of aarch64.
TRIPLE := aarch64-linux-gnu
# Tiny: the data page is within 1 MiB of the code, so one ADR reaches it.
IMAGE_ARCH_FLAGS := -march=armv8-a -mgeneral-regs-only -mbranch-protection=standard -mcmodel=tiny -mno-outline-atomics
# Go before 1.22 looks for clock_gettime by another name's hash, which DT_GNU_HASH cannot serve, and where there is that
# table it looks in no other. Every libc reads DT_HASH.
IMAGE_HASH_STYLE := sysv
