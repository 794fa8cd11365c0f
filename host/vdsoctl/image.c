/* SPDX-License-Identifier: MIT */
/* The image as bytes, and the machine that it is for.
 * Owns: the table of machines; every access to the file's bytes that does not go through libelf or libdw, in view().
 * Relies on: nothing. Never: trusts an offset or a count that it read from the file. */
#include <string.h>

#include "image.h"

static const struct machine machines[] = {
	{ .id = EM_X86_64, .name = "x86_64", .version = "LINUX_2.6", .prefix = "__vdso_",
	  .exports = "__vdso_clock_gettime,__vdso_gettimeofday,__vdso_clock_getres,__vdso_time,__vdso_getcpu,"
		     "clock_gettime,gettimeofday,clock_getres,time,getcpu",
	  .return_register = 16, .unwind_as = EM_X86_64,
	  .property = GNU_PROPERTY_X86_FEATURE_1_AND, .features = GNU_PROPERTY_X86_FEATURE_1_IBT },
	{ .id = EM_RISCV, .name = "riscv64", .version = "LINUX_4.15", .prefix = "__vdso_",
	  .exports = "__vdso_clock_gettime,__vdso_gettimeofday,__vdso_clock_getres,__vdso_getcpu,__vdso_rt_sigreturn,"
		     "__vdso_flush_icache,__vdso_riscv_hwprobe",
	  .return_register = 1, .unwind_as = EM_RISCV, .flags_any = EF_RISCV_RVC,
	  .trampoline = { 0x08b00893, 0x00000073 }, .signal_register = 64 },
	{ .id = EM_AARCH64, .name = "aarch64", .version = "LINUX_2.6.39", .prefix = "__kernel_",
	  .exports = "__kernel_clock_gettime,__kernel_gettimeofday,__kernel_clock_getres,__kernel_rt_sigreturn",
	  .return_register = 30, .unwind_as = EM_AARCH64, .property = GNU_PROPERTY_AARCH64_FEATURE_1_AND,
	  .features = GNU_PROPERTY_AARCH64_FEATURE_1_BTI | GNU_PROPERTY_AARCH64_FEATURE_1_PAC,
	  .trampoline = { 0xd2801168, 0xd4000001 }, .signal_register = 32, .stale_hash = 0xd35ec75 },
	/* elfutils 0.188 knows no LoongArch, whose DWARF numbers are as RISC-V's: 32 + 32, return address in 1. */
	{ .id = EM_LOONGARCH, .name = "loongarch64", .version = "LINUX_5.10", .prefix = "__vdso_",
	  .exports = "__vdso_clock_gettime,__vdso_gettimeofday,__vdso_clock_getres,__vdso_getcpu,__vdso_rt_sigreturn",
	  .return_register = 1, .unwind_as = EM_RISCV, .flags = 0x41 /* object ABI 1, general registers only */,
	  .trampoline = { 0x03822c0b, 0x002b0000 }, .signal_register = 64 },
};

const void *view(const struct image *im, uint64_t offset, uint64_t count, size_t size, size_t align)
{
	if (offset % align != 0 || offset > im->mapped || count > (im->mapped - offset) / size)
		return NULL;
	return im->bytes + offset;
}

bool inside(uint64_t begin, uint64_t size, uint64_t outer_begin, uint64_t outer_size)
{
	return begin >= outer_begin && size <= outer_size && begin - outer_begin <= outer_size - size;
}

bool listed(const char *list, const char *name)
{
	const size_t length = strlen(name);

	for (; *list; list += strcspn(list, ","), list += *list == ',')
		if (strcspn(list, ",") == length && strncmp(list, name, length) == 0)
			return true;
	return false;
}

const struct machine *machine_of(Elf64_Half id)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i].id == id)
			return &machines[i];
	return NULL;
}

bool audit_elf_header(struct image *im)
{
	const Elf64_Ehdr *h = VIEW(im, 0, Elf64_Ehdr, 1);

	if (!require(im, h && memcmp(h->e_ident, ELFMAG, SELFMAG) == 0, "elf",
		     "must begin with an ELF header (found %zu bytes of another kind)", im->size) ||
	    !require(im, h->e_ident[EI_CLASS] == ELFCLASS64 && h->e_ident[EI_DATA] == ELFDATA2LSB, "elf",
		     "must be 64-bit little-endian (found class %d, data %d)", h->e_ident[EI_CLASS],
		     h->e_ident[EI_DATA]))
		return false;
	im->machine = machine_of(h->e_machine);
	require(im, h->e_type == ET_DYN, "elf", "must be a shared object, ET_DYN (found type %d)", h->e_type);
	if (!require(im, im->machine, "elf", "must be for a machine that we know (found %d)", h->e_machine))
		return false;
	require(im, (h->e_flags & ~im->machine->flags_any) == im->machine->flags, "elf",
		"e_flags must be 0x%x, for code without floating point (found 0x%x)", im->machine->flags, h->e_flags);
	if (!im->exports)
		im->exports = im->machine->exports;
	im->header = h;
	im->elf = elf_memory((char *)im->bytes, im->size);
	return true;
}
