# SPDX-License-Identifier: MIT
# What the build must know of riscv64.
TRIPLE := riscv64-linux-gnu
# Integer registers only, and no relaxation: the image is one page of text, and its addresses are pc-relative already.
IMAGE_ARCH_FLAGS := -march=rv64imac_zicsr_zifencei -mabi=lp64 -mno-relax
