/* SPDX-License-Identifier: MIT */
/* Owns: the contract of an architecture: everything that common code asks of kernel/arch/<a>, as prototypes.
 * Relies on: kernel/arch/<a>/arch_types.h, which supplies the types and constants listed below.
 * Who may include: every kernel file. */
#ifndef VDK_KERNEL_ARCH_ARCH_H
#define VDK_KERNEL_ARCH_ARCH_H

#include "core/types.h"

/* arch_types.h supplies
 *   struct arch_regs    user registers as a trap or system call saved them, at the top of the kernel stack
 *   struct arch_thread  what a thread keeps while it does not run: kernel stack pointer, FPU and vector state, TLS
 *   struct arch_space   an address space's page-table root
 *   ARCH_NAME           "x86_64": also uname's machine
 *   ARCH_PLATFORM       AT_PLATFORM's string, or nothing where Linux has none
 *   ARCH_USER_TOP       first address above user space
 *   ARCH_MMAP_TOP       where mmap starts to look, downwards, before randomisation
 *   ARCH_PIE_BASE       where position-independent programs are loaded, before randomisation
 *   ARCH_ELF_MACHINE    e_machine
 *   ARCH_KSTACK_SIZE    bytes of a kernel stack, a power of two
 *   ARCH_FRAME_RECORD   where, seen from the frame pointer, the caller's frame pointer lies, and above it the return address
 *   ARCH_MAP_32BIT      mmap's MAP_32BIT, or nothing where there is no such flag
 *   ARCH_HWPROBE_KEYS   how many keys the system call riscv_hwprobe knows, or nothing where there is no such call
 *   ARCH_VDSO_SIGRETURN offset (VDK_SYM_*) of the vDSO's function that signal handlers return to, or nothing where sa_restorer
 *                       serves; the address is in the process's space->sigreturn
 *   ARCH_LINUX_6_1_BELOW, ARCH_LINUX_6_1_PROPER  VDK_LINUX_6_1_*_<A>: where a vDSO of layout linux-6.1 looks for its data
 *   ARCH_VDSO_PATCH     1 where there is an arch_vdso_patch(), or nothing */
#include "arch_types.h"

/* Two more headers are for kernel/mm, kernel/boot and the linker script.
 * layout.h: where things are in memory; also included by assembler and linker script
 *   KERNEL_BASE         virtual less physical address of the kernel's image
 *   KERNEL_LOAD         physical address that the image is loaded at
 *   DIRECT_MAP          virtual less physical address of all memory
 *   DEVICE_MAP          where the hardware maps all memory by itself: the same, uncached; else nothing
 *   KSTACK_AREA         for kernel stacks, 1 GiB, with an entry of its own in the top level
 *   BOOT_REACH          memory below is in the direct map from the start, by the boot page tables
 *   LAYOUT_ARCH_RODATA, LAYOUT_ARCH_SEGMENTS  sections and segments of the kernel's image that only this one has
 * pte.h: page-table entries, as static inline functions
 *   PT_LEVELS           levels of tables, each a page of 8-byte entries
 *   PT_SPLIT            1: user and kernel have root tables of their own; 0: the kernel has the upper half of each
 *   pte_table()         an entry that leads to a table
 *   pte_address()       what an entry leads to
 *   pte_user()          a user page with any of the eight combinations of ARCH_PROT_*; never 0
 *   pte_prot()          what pte_user() was told
 *   pte_present()       may the TLB hold it?
 *   pte_kernel()        a page of the kernel's, of TABLE_SPAN(level) bytes; `device`: uncached and in order
 *   pte_large()         is it a page, in a table above the last level?
 *   pte_largest()       the highest level for pte_kernel(): 0, 1 or 2
 *   pte_written()       an entry for `va` was stored: what must follow before it is used. User mode may fault on it all the same,
 *                       if the hardware remembers that it was not there; the architecture sees to it that it goes on then
 *   pte_sync_code()     the page at this address of the direct map is about to be mapped for execution */

struct bootinfo;
struct cpu;
struct ksiginfo;
struct sigaction_kernel;
struct thread;
struct vdk_clocksource;

/* --- Boot. The architecture's entry code ends in kernel_main(), on the boot CPU, interrupts off, the direct map and the
 * kernel's final page tables (W^X) in use, arch_console_write() working. --- */
_Noreturn void kernel_main(const struct bootinfo *info);

/* After memory allocation works: traps, interrupt controller, this CPU's state. Interrupts stay off. */
void arch_init(const struct bootinfo *info);

/* --- Console: one serial line. --- */
/* Write bytes as they are; any context. The caller (fs/console.c) keeps writers apart. */
void arch_console_write(const char *bytes, size_t n);
/* From now on each received byte is given to console_input(), in interrupt context. While console_room() is false the
 * receiver is left full, so that the sender waits. */
void arch_console_start(void);
/* console_room() is true again: go on receiving. Any context, no console lock held. */
void arch_console_resume(void);

/* --- CPU --- */
unsigned long arch_irq_save(void);          /* interrupts off; what to restore */
void arch_irq_restore(unsigned long flags);
void arch_irq_enable(void);
bool arch_irq_enabled(void);
void arch_cpu_relax(void);
/* Interrupts off on entry: enable them and wait for one, without losing one in between. Off again on return. */
void arch_cpu_idle(void);
struct cpu *arch_this_cpu(void);
void arch_set_this_cpu(struct cpu *cpu);
/* Bytes of hardware entropy; false where the CPU has no source: `v` is then the counter. */
bool arch_entropy(uint64_t *v);

/* --- Power. `status` is shown on platforms that can; the host learns it from the console. --- */
_Noreturn void arch_power_off(int status);

/* --- Paging. All physical memory is mapped at a fixed offset: the direct map. --- */
void *arch_phys_to_virt(paddr_t pa); /* mm/kmap.c */
paddr_t arch_virt_to_phys(const void *va); /* of the direct map or the kernel image; mm/kmap.c */

/* Read a word of the kernel's half; false where nothing is mapped. */
bool arch_read_kernel(const uint64_t *from, uint64_t *to);

#define ARCH_PROT_READ 1u
#define ARCH_PROT_WRITE 2u
#define ARCH_PROT_EXEC 4u

/* The tables are kernel/mm/pagetable.c's; the caller holds the address space's lock for the flushes. */
/* Flush one user translation, or all, of `s` on every CPU that may hold them. */
void arch_space_flush_page(const struct arch_space *s, uaddr_t va);
void arch_space_flush(struct arch_space *s);
/* Run on `s` from now on; NULL: the kernel's own tables only. */
void arch_space_switch(struct arch_space *s);
/* Once, at boot: use the kernel's final tables. */
void arch_kernel_tables(paddr_t root);
/* Flush one translation of the kernel's on every CPU. */
void arch_kernel_flush_page(uint64_t va);

/* --- User memory. Bytes NOT copied (0 = all); a fault that the page-fault handlers do not resolve ends the copy.
 * The caller has checked the range against ARCH_USER_TOP: see mm/uaccess.h, which everyone else uses. --- */
size_t arch_copy_user(void *to, const void *from, size_t n);
/* *p = new if *p == old, atomically, on user memory: 0 (and *seen) or -EFAULT. */
int arch_cmpxchg_user(uint32_t *p, uint32_t old, uint32_t new, uint32_t *seen);

/* --- Threads --- */
/* A kernel thread: runs fn(arg) on `kstack` (ARCH_KSTACK_SIZE bytes) when first switched to; fn must not return. */
void arch_thread_init(struct thread *t, void (*fn)(void *arg), void *arg);
/* The user thread's saved registers on its kernel stack. */
struct arch_regs *arch_thread_regs(struct thread *t);
bool arch_tls_valid(uaddr_t tls); /* clone: may it become a TLS pointer? Else -EPERM */
/* For clone/fork: `child` returns to user mode from the same system call with result 0, registers, FPU and TLS as
 * `parent` (the current thread) has them. `sp` 0 keeps the stack pointer; `set_tls` says whether `tls` replaces the TLS pointer. */
void arch_thread_fork(struct thread *child, const struct thread *parent, uaddr_t sp, bool set_tls, uaddr_t tls);
/* The current thread gets fresh user registers, FPU and TLS state: program counter and stack pointer as given. */
void arch_thread_exec(struct thread *t, uaddr_t pc, uaddr_t sp);
/* Switch stacks, FPU and TLS from `from` to `to`; returns when `from` is switched to again. Interrupts off. */
void arch_thread_switch(struct thread *from, struct thread *to);
/* For kernel threads that become the first user process: go to user mode with arch_thread_regs(). */
_Noreturn void arch_return_to_user(void);
void arch_thread_free(struct thread *t);

/* --- System calls. Architecture code calls syscall_dispatch(nr, args) and stores its result; before any return to user
 * mode (system call, trap or interrupt) it calls return_to_user(regs), interrupts on or off. --- */
void arch_syscall_args(const struct arch_regs *r, uint64_t args[6]);
uaddr_t arch_regs_pc(const struct arch_regs *r);
uaddr_t arch_regs_sp(const struct arch_regs *r);
/* Make the thread execute its system call again when it returns to user mode / return `result` from it. */
void arch_syscall_restart(struct arch_regs *r);
void arch_syscall_result(struct arch_regs *r, long result);
long arch_syscall_get_result(const struct arch_regs *r);
/* Was this register frame entered by a system call (rather than a trap)? The call's number, or -1. */
long arch_syscall_number(const struct arch_regs *r);

/* --- Signals --- */
/* Build the Linux signal frame for `act` on the user stack (or the alternate stack at `altstack_top`, 0 = not) and make
 * `r` run the handler; `oldmask` is what sigreturn restores. 0 or -EFAULT. */
int arch_signal_push(struct arch_regs *r, const struct sigaction_kernel *act, const struct ksiginfo *info,
		     uint64_t oldmask, uaddr_t altstack_top);
/* Undo it from the frame at the user stack pointer: registers, FPU, and the mask in *mask. 0 or -EFAULT. */
int arch_signal_pop(struct arch_regs *r, uint64_t *mask);

/* --- Time --- */
/* Find and calibrate the counters; log name, frequency and source of the figure. Called once. */
void arch_time_init(void);
/* The clocksources found, ARCH_CLOCKSOURCES_MAX at most, with their ratings, NULL-terminated; at least one. user_mode is 0 where user mode
 * can't read it. */
#define ARCH_CLOCKSOURCES_MAX 8
struct vdk_clocksource *const *arch_clocksources(void);
/* Wall time from the battery-backed clock: seconds since 1970 UTC. False if there is none or it makes no sense. */
bool arch_wall_time(int64_t *sec);
/* One TRAP_TIMER on this CPU after `ns` nanoseconds (at least; 0 = at once); replaces an earlier one. */
void arch_timer_arm(uint64_t ns);
/* How the vDSO's getcpu can learn the CPU in user mode: a VDK_CPU_* value of <vdk/page.h>. */
unsigned int arch_getcpu_mode(void);
#ifdef ARCH_HWPROBE_KEYS
/* What riscv_hwprobe answers, by key: true of all CPUs together. */
void arch_hwprobe(uint64_t value[ARCH_HWPROBE_KEYS]);
#endif

/* --- Program loading --- */
#ifdef ARCH_VDSO_PATCH
/* Fit a vDSO of Linux's to this CPU: `image`, of which `loaded` bytes are mapped, has .altinstructions, `size` bytes at `table`.
 * NULL, or what is wrong. */
const char *arch_vdso_patch(uint8_t *image, uint64_t loaded, uint64_t table, uint64_t size);
#endif
uint64_t arch_hwcap(void);
uint64_t arch_hwcap2(void);
size_t arch_minsigstksz(void); /* bytes of the largest signal frame: AT_MINSIGSTKSZ */

#endif
