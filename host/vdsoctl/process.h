/* SPDX-License-Identifier: MIT */
/* Owns: the way into another process: its auxiliary vector, its mappings, its memory.
 * Relies on: Linux's /proc and process_vm_readv(2), and its leave to read the process.
 * Who may include: host/vdsoctl. */
#ifndef VDK_HOST_VDSOCTL_PROCESS_H
#define VDK_HOST_VDSOCTL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The process that `name` is the number of; false: it is no number, so a file's name. */
bool process_named(const char *name, pid_t *pid);

/* Where the process's vDSO begins: what AT_SYSINFO_EHDR tells it, unless `given` is not 0. 0 after a message. */
uint64_t process_image(pid_t pid, uint64_t given);

/* Bytes from `address` to the end of the mapping that holds it. 0 after a message. */
size_t process_mapped(pid_t pid, uint64_t address);

/* `size` bytes of the process's memory, all or none; false: see errno. */
bool process_read(pid_t pid, uint64_t address, void *bytes, size_t size);

#endif
