/* SPDX-License-Identifier: MIT */
/* Owns: how an entry point is defined, whatever page it reads.
 * Relies on: the architecture's names and system call.
 * Who may include: kit/image. */
#ifndef VDK_IMAGE_EXPORT_H
#define VDK_IMAGE_EXPORT_H

#include "exports.h"
#include "syscall.h"

/* VDK_ENTRY(long, time, (args)) { ... } defines the exported function of that name, with its prototype, and the weak plain
 * name where the architecture has those. */
#ifdef VDK_PLAIN_NAMES
#define VDK_ALIAS(type, name, target, args) \
	type name args __attribute__((weak, alias(#target), visibility("default")));
#else
#define VDK_ALIAS(type, name, target, args)
#endif
#define VDK_ALIAS_OF(type, name, target, args) VDK_ALIAS(type, name, target, args)
#define VDK_ENTRY(type, name, args)                                                        \
	type VDK_PREFIX(name) args __attribute__((visibility("default"), aligned(64))); \
	VDK_ALIAS_OF(type, name, VDK_PREFIX(name), args)                                   \
	type VDK_PREFIX(name) args

#endif
