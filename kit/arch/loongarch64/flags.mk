# SPDX-License-Identifier: MIT
# What the build must know of loongarch64.
# Its last part says "general registers only": the image has no floating point.
TRIPLE := loongarch64-linux-gnusf
IMAGE_ARCH_FLAGS := -march=loongarch64
