/* SPDX-License-Identifier: MIT */
/* Owns: the constants of poll, select and epoll; struct arch_epoll_event is in arch_abi.h.
 * Relies on: nothing.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_ABI_POLL_H
#define VDK_KERNEL_ABI_POLL_H

#include "core/types.h"

#define POLLIN 0x001u
#define POLLPRI 0x002u
#define POLLOUT 0x004u
#define POLLERR 0x008u
#define POLLHUP 0x010u
#define POLLNVAL 0x020u
#define POLLRDNORM 0x040u
#define POLLRDBAND 0x080u
#define POLLWRNORM 0x100u
#define POLLWRBAND 0x200u
#define POLLRDHUP 0x2000u

struct pollfd {
	int32_t fd;
	int16_t events, revents;
};

/* The low EPOLL* bits are the POLL* ones. */
#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLLWAKEUP (1u << 29)
#define EPOLLONESHOT (1u << 30)
#define EPOLLET (1u << 31)
#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3
#define EPOLL_CLOEXEC 02000000u

#define EFD_SEMAPHORE 1u

#endif
