/* SPDX-License-Identifier: MIT */
/* Owns: the vDSO in each process.
 * Relies on: the built image.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_VDSO_H
#define VDK_KERNEL_VDSO_H

struct space;

/* Once memory works. */
void vdso_init(void);

/* Map data page and image into `s` at a random address and set s->vdso; with `vdso=off` at most what signal handlers return
 * through. Sets s->sigreturn where handlers need it. 0 or -errno. */
int vdso_map(struct space *s);

#endif
