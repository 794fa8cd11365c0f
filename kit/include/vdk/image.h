/* SPDX-License-Identifier: MIT */
/* Owns: how a kernel embeds the image and maps it.
 * Relies on: the build's vdso.so, and vdso-image.h, which the audit generates from it.
 * Who may include: every kernel.
 *
 * A kernel embeds build/<arch>/vdso.so as bytes that start on a page of their own, for example
 *         .balign 4096
 *     vdso_start:
 *         .incbin "vdso.so"
 *         .balign 4096
 * and maps in each address space, around a random page-aligned address `image` of its choice:
 *     image - VDK_IMAGE_DATA_SIZE .. image  the data page, user read-only, never executable: "[vvar]"
 *     image .. image + VDK_IMAGE_SIZE       the image, user read and execute, never writable: "[vdso]"
 * VDK_IMAGE_SIZE is the whole file, up to a multiple of VDK_PAGE_SIZE. Map all of it: programs stay within the PT_LOAD, but
 * debuggers and profilers read section headers and symbols, which come last, from the process's memory.
 * The same physical pages serve every process. AT_SYSINFO_EHDR is `image`. Nothing needs patching.
 * The data page is VDK_PAGE_SIZE bytes on every kernel. One whose pages are larger (16 KiB, 64 KiB) keeps struct vdk_page in the last
 * VDK_PAGE_SIZE bytes of a page of its own that is otherwise zero, maps that page below `image`, and embeds the image on a boundary
 * of its own page size, padded to it: the image's code asks for no more than that its two parts are next to each other.
 * VDK_SYM_<name> is a symbol's offset from there. A kernel asserts that VDK_IMAGE_PAGE_VERSION, the data page that this
 * image reads, is VDK_PAGE_VERSION, the one that its own kit writes. */
#ifndef VDK_IMAGE_H
#define VDK_IMAGE_H

#include "vdk/page.h"

#endif
