/* SPDX-License-Identifier: MIT */
/* The stack of a new program, as the System V ABI and Linux describe it: from the top down a null word, the strings, 16
 * random bytes, the auxiliary vector, the pointers to the strings, and argc where the stack pointer points.
 * Owns: the layout.
 * Relies on: space_write() into a space that nobody runs on.
 * Never: leaves a byte of the kernel's in padding. */
#include "abi/auxvec.h"
#include "abi/errno.h"
#include "abi/mman.h"
#include "abi/resource.h"
#include "core/log.h"
#include "core/random.h"
#include "core/string.h"
#include "fs/file.h"
#include "mm/kmalloc.h"
#include "mm/space.h"
#include "proc/exec.h"
#include "proc/process.h"

#define STACK_FIRST 0x20000UL /* mapped below the strings from the start */
#define ARG_MIN 131072UL
#define ARG_MAX_BYTES 0x600000UL

struct builder {
	struct exec *x;
	uaddr_t top;
	uaddr_t strings;  /* of the first argument */
	uaddr_t execfn, random, platform;
	size_t argc, envc, arg_bytes, env_bytes;
	uint64_t *words;  /* argc, pointers, auxv */
	size_t at;
	int error;
};

size_t exec_argument_room(void)
{
	return MAX(MIN(process_limit(RLIMIT_STACK) / 4, ARG_MAX_BYTES), ARG_MIN);
}

static const char *argument(const struct exec *x, size_t i)
{
	return i < x->head_count ? x->head[i] : x->args[i - x->head_count];
}

/* Count and measure: 0 or -E2BIG. */
static int measure(struct builder *b)
{
	const struct exec *x = b->x;
	size_t room = exec_argument_room(), bytes;
	const char *s;

	while ((s = argument(x, b->argc))) {
		bytes = strlen(s) + 1;
		if (bytes > EXEC_STRING_MAX || bytes > room)
			return -E2BIG;
		b->arg_bytes += bytes;
		b->argc++;
		if (b->arg_bytes + b->argc * 8 > room)
			return -E2BIG;
	}
	while ((s = x->env[b->envc])) {
		bytes = strlen(s) + 1;
		if (bytes > EXEC_STRING_MAX || bytes > room)
			return -E2BIG;
		b->env_bytes += bytes;
		b->envc++;
		if (b->arg_bytes + b->env_bytes + (b->argc + b->envc) * 8 > room)
			return -E2BIG;
	}
	return 0;
}

static void put(struct builder *b, uaddr_t to, const void *from, size_t n)
{
	if (!b->error && space_write(b->x->space, to, from, n) != n)
		b->error = -ENOMEM;
}

static uaddr_t put_string(struct builder *b, uaddr_t to, const char *s)
{
	size_t n = strlen(s) + 1;

	put(b, to, s, n);
	return to + n;
}

static void word(struct builder *b, uint64_t w)
{
	b->words[b->at++] = w;
}

static void aux(struct builder *b, uint64_t type, uint64_t value)
{
	struct space *s = b->x->space;

	ASSERT(s->auxv_count + 2 <= ARRAY_SIZE(s->auxv));
	s->auxv[s->auxv_count++] = type;
	s->auxv[s->auxv_count++] = value;
}

static void fill_auxv(struct builder *b)
{
	const struct exec *x = b->x;
	const struct process *p = current_process();
	const struct elf_image *e = &x->program.elf;
	bool secure = x->euid != p->uid || x->egid != p->gid;

	if (x->space->vdso)
		aux(b, AT_SYSINFO_EHDR, x->space->vdso);
	aux(b, AT_MINSIGSTKSZ, arch_minsigstksz());
	aux(b, AT_HWCAP, arch_hwcap());
	aux(b, AT_PAGESZ, PAGE_SIZE);
	aux(b, AT_CLKTCK, 100);
	aux(b, AT_PHDR, e->table ? x->program.bias + e->table : 0);
	aux(b, AT_PHENT, sizeof(struct elf_program_header));
	aux(b, AT_PHNUM, e->table_entries);
	aux(b, AT_BASE, x->interp.file ? x->interp.bias : 0);
	aux(b, AT_FLAGS, 0);
	aux(b, AT_ENTRY, x->program.bias + e->entry);
	aux(b, AT_UID, p->uid);
	aux(b, AT_EUID, x->euid);
	aux(b, AT_GID, p->gid);
	aux(b, AT_EGID, x->egid);
	aux(b, AT_SECURE, secure);
	aux(b, AT_RANDOM, b->random);
	aux(b, AT_HWCAP2, arch_hwcap2());
	aux(b, AT_EXECFN, b->execfn);
	if (b->platform)
		aux(b, AT_PLATFORM, b->platform);
	aux(b, AT_NULL, 0);
}

/* Map what the strings and the vector need, and a little below. */
static int map_stack(struct builder *b, size_t used)
{
	struct exec *x = b->x;
	uint64_t window = (ARCH_USER_TOP - ARCH_MMAP_TOP) / 4, limit = process_limit(RLIMIT_STACK);
	unsigned int prot = PROT_READ | PROT_WRITE | (x->program.elf.stack_exec ? PROT_EXEC : 0);
	size_t size = ALIGN_UP(used, PAGE_SIZE) + MIN(STACK_FIRST, ALIGN_DOWN(limit, PAGE_SIZE));
	uaddr_t floor = ARCH_MMAP_TOP + STACK_GAP;
	long rc;

	b->top = ARCH_USER_TOP - (x->random ? ALIGN_DOWN(random_u64() % window, PAGE_SIZE) : 0);
	x->space->stack_limit = limit < b->top - floor ? ALIGN_DOWN(b->top - limit, PAGE_SIZE) : floor;
	rc = space_mmap(x->space, b->top - size, size, prot,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE, NULL, 0);
	if (rc == -EEXIST) {
		log_info("exec: %s: its segments lie where the stack must be", x->name);
		return -ENOEXEC;
	}
	return rc < 0 ? (int)rc : 0;
}

static void put_strings(struct builder *b)
{
	struct space *s = b->x->space;
	uaddr_t to = b->strings;

	s->arg_start = to;
	word(b, b->argc);
	for (size_t i = 0; i < b->argc; i++) {
		word(b, to);
		to = put_string(b, to, argument(b->x, i));
	}
	word(b, 0);
	s->arg_end = s->env_start = to;
	for (size_t i = 0; i < b->envc; i++) {
		word(b, to);
		to = put_string(b, to, b->x->env[i]);
	}
	word(b, 0);
	s->env_end = to;
	b->execfn = to;
	put_string(b, to, b->x->name);
}

int exec_build_stack(struct exec *x)
{
	struct builder b = { .x = x };
	struct space *s = x->space;
	size_t strings, vector;
	uint64_t seed[2];
	uaddr_t at;
	int rc = measure(&b);

	if (rc)
		return rc;
	strings = b.arg_bytes + b.env_bytes + strlen(x->name) + 1 + 8;
	vector = (1 + b.argc + 1 + b.envc + 1 + ARRAY_SIZE(s->auxv)) * 8;
	rc = map_stack(&b, strings + vector + PAGE_SIZE);
	if (rc)
		return rc;
	b.words = kmalloc(vector);
	if (!b.words)
		return -ENOMEM;
	b.strings = b.top - strings;
	put_strings(&b);

	/* Linux too shifts what follows by a random multiple of 16: caches differ from run to run. */
	at = ALIGN_DOWN(b.strings, 16) - (x->random ? random_u64() % 64 * 16 : 0);
#ifdef ARCH_PLATFORM
	at -= ALIGN_UP(sizeof(ARCH_PLATFORM), 16);
	b.platform = at;
	put_string(&b, at, ARCH_PLATFORM);
#endif
	at -= sizeof(seed);
	b.random = at;
	random_bytes(seed, sizeof(seed));
	put(&b, at, seed, sizeof(seed));
	fill_auxv(&b);
	for (size_t i = 0; i < s->auxv_count; i++)
		word(&b, s->auxv[i]);
	/* The ABI wants the stack pointer on a multiple of 16 at argc. */
	x->sp = ALIGN_DOWN(at - b.at * 8, 16);
	put(&b, x->sp, b.words, b.at * 8);
	s->start_stack = x->sp;
	memset(seed, 0, sizeof(seed));
	kfree(b.words);
	return b.error;
}
