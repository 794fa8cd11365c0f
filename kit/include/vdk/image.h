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
 * Some kernels map more data pages, as they do that one, VDK_IMAGE_DATA_SIZE bytes each:
 *     image - VDK_IMAGE_PROPER_BELOW   in a process of a time namespace: the data page; the namespace's is in its place (vdk/namespace.h)
 *     image - VDK_IMAGE_PVCLOCK_BELOW  x86_64, in every process while the mode is VDK_MODE_PVCLOCK: struct vdk_pvclock of CPU 0
 *     image - VDK_IMAGE_HVCLOCK_BELOW  x86_64, in every process while the mode is VDK_MODE_HVCLOCK: struct vdk_hvclock
 * Nothing reads those that such a kernel does not map. One that does keeps VDK_IMAGE_SPACE_BELOW bytes below `image` free for them.
 * VDK_IMAGE_SIZE is the whole file, up to a multiple of VDK_PAGE_SIZE. Map all of it: programs stay within the PT_LOAD, but
 * debuggers and profilers read section headers and symbols, which come last, from the process's memory.
 * The same physical pages serve every process. AT_SYSINFO_EHDR is `image`. Nothing needs patching.
 * The data page is VDK_PAGE_SIZE bytes on every kernel. One whose pages are larger (16 KiB, 64 KiB) keeps struct vdk_page in the last
 * VDK_PAGE_SIZE bytes of a page of its own that is otherwise zero, maps that page below `image`, and embeds the image on a boundary
 * of its own page size, padded to it. The further data pages are as far apart as the largest page of the architecture's kernels, so that
 * this holds for each of them.
 * VDK_SYM_<name> is a symbol's offset from there. A kernel asserts that VDK_IMAGE_PAGE_VERSION, the data page that this
 * image reads, is VDK_PAGE_VERSION, the one that its own kit writes. */
#ifndef VDK_IMAGE_H
#define VDK_IMAGE_H

#include "vdk/page.h"

#endif
