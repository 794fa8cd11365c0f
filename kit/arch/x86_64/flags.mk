# SPDX-License-Identifier: MIT
# What the build must know of x86_64.
TRIPLE := x86_64-linux-gnu
IMAGE_ARCH_FLAGS := -mno-sse -mno-mmx -mgeneral-regs-only -fcf-protection=branch
