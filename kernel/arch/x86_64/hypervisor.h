/* SPDX-License-Identifier: MIT */
/* Owns: clocksources that a hypervisor offers.
 * Relies on: vdk/hypervisor.h for what is in their pages.
 * Who may include: kernel/arch/x86_64. */
#ifndef VDK_KERNEL_ARCH_X86_64_HYPERVISOR_H
#define VDK_KERNEL_ARCH_X86_64_HYPERVISOR_H

#include <vdk/hypervisor.h>
#include <vdk/time.h>

#include "core/types.h"

#define HYPERVISOR_LEAF 0x40000000

/* KVM's, Hyper-V's; NULL: this is not their guest, or the counter can't be read there. QEMU's TCG offers neither: these two have never
 * run but in the tests of the page's protocol. */
struct vdk_clocksource *pvclock_clocksource(void);
struct vdk_clocksource *hvclock_clocksource(void);

/* Is that the name in CPUID? "KVMKVMKVM" or 12 characters. */
bool hypervisor_is(const char *name);
/* A page of zeros that programs see so far below the image. NULL: no memory. */
void *hypervisor_page(size_t below, paddr_t *pa);
/* As vdk/hypervisor.h asks for. */
uint64_t hypervisor_tsc(void);
/* `value`, kept in *last; or, where there was none, what was kept. */
uint64_t hypervisor_latest(uint64_t *last, bool got, uint64_t value);

#endif
