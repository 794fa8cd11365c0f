/* SPDX-License-Identifier: MIT */
/* A port, to copy into your kernel and fill in: everything that the kit asks of a kernel is in this file.
 *
 * Owns: the six places where your kernel meets the kit, marked 1 to 6. Relies on: vdk/time.h, vdk/image.h, vdso-image.h.
 * It compiles and links as it is (the tests see to that), with the kernel's parts as undefined functions, port_*: the linker
 * lists what is left to write. docs/porting.md goes through them in order. */
#include <vdk/image.h>
#include <vdk/time.h>

#include "vdso-image.h"

_Static_assert(VDK_IMAGE_PAGE_VERSION == VDK_PAGE_VERSION, "image and kit are of one version");

/* What your kernel supplies; use your own names. */
uint64_t port_read_counter(void);                  /* the same on every CPU, ordered after earlier loads */
uint64_t port_counter_hz(void);
int64_t port_wall_clock_seconds(void);             /* since 1970, from the battery-backed clock */
unsigned long port_lock(void);                     /* interrupts off, one writer at a time */
void port_unlock(unsigned long state);
void *port_page(void);                             /* one page, page-aligned, for good */
uintptr_t port_find_random(size_t size);           /* a free user range; 0: none */
int port_map_user(uintptr_t at, const void *kernel_pages, size_t size, int executable); /* never writable */
extern const char port_vdso_image[];               /* vdso.so, embedded on pages of its own */

static struct vdk_timekeeper timekeeper;
static struct vdk_page *page;

/* 1. The counter, and how user mode reads it. */
static uint64_t read_counter(const struct vdk_clocksource *cs)
{
	(void)cs;
	return port_read_counter();
}

static struct vdk_clocksource clocksource = {
	.name = "counter",
	.read = read_counter,
	.width = 64,
	.user_mode = VDK_MODE_COUNTER, /* VDK_MODE_SYSCALL where user mode can't read it, or not reliably */
};

/* Prototypes of what the rest of your kernel calls. */
int port_time_start(void);
void port_timer_interrupt(void);
uintptr_t port_exec(void);
long port_clock_gettime(int id, struct vdk_timespec *ts);
int port_clock_settime(const struct vdk_timespec *ts);

/* 2. Once, when counter and memory work. 0, or -VDK_EINVAL. */
int port_time_start(void)
{
	struct vdk_time_config config = {
		.wall = { port_wall_clock_seconds(), 0 },
		.tick_ns = 4000000,            /* your tick */
		.cpu_mode = VDK_CPU_SYSCALL,   /* how user mode learns its CPU: vdk/page.h */
	};

	clocksource.hz = port_counter_hz();
	page = port_page();
	return vdk_time_init(&timekeeper, &clocksource, page, &config);
}

/* 3. In the timer interrupt. */
void port_timer_interrupt(void)
{
	unsigned long state = port_lock();

	vdk_time_tick(&timekeeper);
	port_unlock(state);
}

/* 4. In execve, for pages of 4 KiB; vdk/image.h says what larger ones need. The value for AT_SYSINFO_EHDR, or 0:
 * then push no such entry, and programs make system calls. */
uintptr_t port_exec(void)
{
	uintptr_t at = port_find_random(VDK_IMAGE_DATA_SIZE + VDK_IMAGE_SIZE);

	if (!at || port_map_user(at, page, VDK_IMAGE_DATA_SIZE, 0) ||
	    port_map_user(at + VDK_IMAGE_DATA_SIZE, port_vdso_image, VDK_IMAGE_SIZE, 1))
		return 0; /* a data page that is mapped alone does no harm; unmap it, or fail execve, if your kernel can */
	return at + VDK_IMAGE_DATA_SIZE;
}

/* 5. The system call, and every other place in the kernel that asks for the time. No lock. */
long port_clock_gettime(int id, struct vdk_timespec *ts)
{
	return vdk_time_now(&timekeeper, id, ts) ? 0 : -VDK_EINVAL; /* CPU-time clocks are yours to add */
}

/* 6. Setting the clock. */
int port_clock_settime(const struct vdk_timespec *ts)
{
	unsigned long state = port_lock();
	int rc = vdk_time_set_wall(&timekeeper, ts);

	port_unlock(state);
	return rc;
}
