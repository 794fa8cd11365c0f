/* SPDX-License-Identifier: MIT */
/* Owns: the vDSO in each process.
 * Relies on: the built image.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_VDSO_H
#define VDK_KERNEL_VDSO_H

#include "core/types.h"

struct space;

/* Once memory works. */
void vdso_init(void);

/* Another page that every process sees, `below` of vdso-image.h bytes below the image; before the first process. */
void vdso_add_data_page(size_t below, paddr_t page);

/* Once there are files: with `vdso=PATH` use that image instead of the embedded one. It panics over a bad one. */
void vdso_load(void);

/* Map data pages and image into `s` at a random address and set s->vdso; with `vdso=off` at most what signal handlers return
 * through. Sets s->sigreturn where handlers need it. `timens`: the page of the time namespace; 0: none. 0 or -errno. */
int vdso_map(struct space *s, paddr_t timens);
/* The process changes to that time namespace; no thread of it is in user mode. A program that has moved its data page keeps what it has.
 * 0 or -ENOMEM, after which there may be no data page. */
int vdso_switch(struct space *s, paddr_t timens);

#endif
