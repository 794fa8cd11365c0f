/* SPDX-License-Identifier: MIT */
/* Owns: address spaces: areas, demand paging, copy on write, mmap and brk.
 * Relies on: mm/page.h, fs/file.h for mapped files, arch paging.
 * Who may include: kernel/proc, kernel/fs, kernel/vdso.c. */
#ifndef VDK_KERNEL_MM_SPACE_H
#define VDK_KERNEL_MM_SPACE_H

#include "arch/arch.h"
#include "core/list.h"
#include "core/spinlock.h"
#include "core/types.h"
#include "proc/mutex.h"

struct file;
struct inode;
struct pageset;

/* Programs get no page below this address: a null pointer with an offset faults. */
#define SPACE_MIN 0x10000UL
/* Distance between a stack that grows down and what lies below it. */
#define STACK_GAP (256 * PAGE_SIZE)

/* Protection bits are ARCH_PROT_*, which equal PROT_READ, PROT_WRITE, PROT_EXEC. */
#define AREA_SHARED 1u    /* MAP_SHARED: writes reach the file or the other sharers */
#define AREA_STACK 2u     /* grows down on faults, to RLIMIT_STACK */
#define AREA_SPECIAL 4u   /* pages given by space_map_pages(): vDSO, vvar */
#define AREA_HEAP 8u
#define AREA_DONTFORK 16u   /* madvise: a child does not get it */
#define AREA_WIPEONFORK 32u /* madvise: a child gets it zeroed */
#define AREA_MOVING 64u     /* mremap is moving its pages: faults wait */

/* [start, end), page-aligned. Areas of a space do not overlap and are sorted. */
struct area {
	struct list link;
	uaddr_t start, end;
	unsigned int prot, max_prot; /* mprotect may give what max_prot has */
	unsigned int flags;
	struct file *file;   /* referenced; NULL: anonymous */
	struct pageset *set; /* referenced; the pages of anonymous shared memory and of AREA_SPECIAL */
	uint64_t offset;     /* of `start` in `file` or `set`, bytes */
	const char *name;    /* static string for /proc/self/maps such as "[vdso]"; NULL: the file's path, or nothing */
};

/* Locks: `changing` is held by whoever changes the area list, for as long as that takes. `lock` is held for each short
 * step on areas and page tables, also by faults, which only read the list or lower a stack's start. Order: changing, lock
 * (a parent's before its child's), then those of pageset, kmalloc, page. No call into a file system under `lock`. */
struct space {
	/* lock */
	struct spinlock lock;
	struct list areas;
	struct arch_space arch;
	uaddr_t brk_start, brk;
	uaddr_t mmap_top;
	uaddr_t stack_limit; /* lowest address the stack may grow to */
	size_t mapped_pages, resident_pages;
	unsigned int membarrier; /* commands registered for */
	bool populate_future;    /* mlockall(MCL_FUTURE) */
	/* set at exec, constant after */
	bool fixed_layout;   /* no address-space randomisation */
	uaddr_t start_stack; /* the first stack pointer */
	uaddr_t arg_start, arg_end, env_start, env_end;
	uaddr_t vdso;        /* address of the vDSO's ELF header; 0: none */
	uaddr_t sigreturn;   /* where signal handlers return to; 0 where the program says it (sa_restorer) */
	uint64_t auxv[2 * 32];
	size_t auxv_count;   /* words */
	struct file *exe;    /* referenced */
	/* atomic */
	unsigned int refs;
	struct mutex changing;
	/* lock of the list of all spaces */
	struct list all_link;
};

struct space *space_create(void);              /* NULL: no memory; one reference */
struct space *space_clone(struct space *from); /* for fork: copy on write */
void space_get(struct space *s);
void space_put(struct space *s);               /* the last one frees everything; not under a spinlock */

/* mmap's work. `addr` is a hint, or the place itself with MAP_FIXED / MAP_FIXED_NOREPLACE; `flags` are Linux's MAP_*.
 * `file` gains a reference. The address, or a negative errno. */
long space_mmap(struct space *s, uaddr_t addr, size_t len, unsigned int prot, unsigned int flags, struct file *file,
		uint64_t offset);
long space_munmap(struct space *s, uaddr_t addr, size_t len);
long space_mprotect(struct space *s, uaddr_t addr, size_t len, unsigned int prot);
/* A free range of `len` bytes at a random page in the mmap region; 0: none. */
uaddr_t space_find_random(struct space *s, size_t len);
bool space_range_free(struct space *s, uaddr_t start, uaddr_t end); /* nothing is mapped there */
/* Map `count` existing pages at `va` (each gains a reference); never writable by mprotect unless prot says so now.
 * Such an area can be unmapped and moved by the program, not made writable. 0 or a negative errno. */
int space_map_pages(struct space *s, uaddr_t va, const paddr_t *pages, size_t count, unsigned int prot, const char *name);

/* Bring the page at `addr` in for `access` (TRAP_ACCESS_*). 0, or the signal's code: SEGV_MAPERR 1, SEGV_ACCERR 2, or
 * -EIO for SIGBUS (beyond the end of a file), -ENOMEM. Called by the page-fault handler and by copies. */
int space_fault(struct space *s, uaddr_t addr, unsigned int access);

/* Copy to or from an address space that need not be the current one, bringing pages in: bytes copied. */
size_t space_read(struct space *s, uaddr_t addr, void *buf, size_t n);
size_t space_write(struct space *s, uaddr_t addr, const void *buf, size_t n);

/* The file's pages in bytes [from, to) are no longer its own: it became shorter (`copies`: private pages that programs
 * wrote go too), or got a hole. Every space unmaps them; the next access asks the file again. Called by a file system
 * after it changed size and pages, without spinlocks held. */
void space_forget_file(const struct inode *ino, uint64_t from, uint64_t to, bool copies);

/* For /proc/PID/maps: large, so from kmalloc(). */
struct area_info {
	uaddr_t start, end;
	unsigned int prot, flags;
	uint64_t offset;   /* in the file; 0 for private anonymous memory */
	uint64_t inode;    /* number; 0: none */
	uint64_t dev;      /* st_dev */
	char name[4096];   /* path or "[stack]" or empty */
};
/* Describe up to `max` areas that end above `from`, in order: how many. Continue with from = the last one's end. */
size_t space_describe(struct space *s, uaddr_t from, struct area_info *out, size_t max);

#endif
