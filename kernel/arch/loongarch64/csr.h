/* SPDX-License-Identifier: MIT */
/* Owns: the instructions that C has no words for.
 * Relies on: asm.h for register numbers.
 * Who may include: kernel/arch/loongarch64. */
#ifndef VDK_KERNEL_ARCH_LOONGARCH64_CSR_H
#define VDK_KERNEL_ARCH_LOONGARCH64_CSR_H

#include "asm.h"
#include "core/types.h"

#define csr_read(number)                                                                     \
	({                                                                                   \
		uint64_t csr_value_;                                                         \
		__asm__ volatile("csrrd %0, %1" : "=r"(csr_value_) : "i"(number) : "memory"); \
		csr_value_;                                                                  \
	})

#define csr_write(number, value)                                                             \
	do {                                                                                 \
		uint64_t csr_value_ = (value);                                               \
		__asm__ volatile("csrwr %0, %1" : "+r"(csr_value_) : "i"(number) : "memory"); \
	} while (0)

/* Change the bits of `mask`; what the register held. The mask in r1 would be another instruction. */
#define csr_exchange(number, value, mask)                                                        \
	({                                                                                       \
		uint64_t csr_value_ = (value);                                                   \
		register uint64_t csr_mask_ __asm__("$t0") = (mask);                             \
		__asm__ volatile("csrxchg %0, %1, %2" : "+r"(csr_value_) : "r"(csr_mask_), "i"(number) : "memory"); \
		csr_value_;                                                                      \
	})

static inline uint64_t cpucfg(unsigned int word)
{
	uint64_t v;

	__asm__("cpucfg %0, %1" : "=r"(v) : "r"((uint64_t)word));
	return v & 0xffffffff;
}

static inline uint64_t iocsr_read64(unsigned int at)
{
	uint64_t v;

	__asm__ volatile("iocsrrd.d %0, %1" : "=r"(v) : "r"((uint64_t)at) : "memory");
	return v;
}

static inline void iocsr_write64(unsigned int at, uint64_t v)
{
	__asm__ volatile("iocsrwr.d %0, %1" : : "r"(v), "r"((uint64_t)at) : "memory");
}

static inline void iocsr_write8(unsigned int at, uint8_t v)
{
	__asm__ volatile("iocsrwr.b %0, %1" : : "r"((uint64_t)v), "r"((uint64_t)at) : "memory");
}

/* The stable counter, not before earlier loads: as the vDSO reads it. */
static inline uint64_t counter_read(void)
{
	uint64_t v;

	__asm__ volatile("dbar 5\n\trdtime.d %0, $zero" : "=r"(v) : : "memory");
	return v;
}

#endif
