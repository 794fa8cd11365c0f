/* SPDX-License-Identifier: MIT */
/* Owns: struct utsname, what uname(2) answers.
 * Relies on: nothing.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_SYSCALL_UTS_H
#define VDK_KERNEL_SYSCALL_UTS_H

struct utsname {
	char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

/* As it is now, every byte set. Any context. */
void uts_get(struct utsname *u);

#endif
