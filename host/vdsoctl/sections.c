/* SPDX-License-Identifier: MIT */
/* The section headers: for linkers, and for debuggers, which read them in memory. No libc does.
 * Owns: the rules of what the linker may leave in the image; finds the tables that other rules start from.
 * Relies on: audit_segments() for what is mapped; libelf for the headers.
 * Never: accepts what needs a loader's work, such as relocations, a GOT, data or bss. */
#include <gelf.h>
#include <string.h>

#include "image.h"

bool executable(const struct image *im, uint64_t address, uint64_t size)
{
	const Elf64_Xword text = SHF_ALLOC | SHF_EXECINSTR;
	Elf_Scn *scn = NULL;
	GElf_Shdr s;

	while ((scn = elf_nextscn(im->elf, scn)) && gelf_getshdr(scn, &s))
		if ((s.sh_flags & text) == text && inside(address, size, s.sh_addr, s.sh_size))
			return inside(address, size, 0, im->mapped);
	return false;
}

const char *section_string(const struct image *im, size_t section, size_t offset)
{
	const char *name = elf_strptr(im->elf, section, offset);

	return name ? name : "(unnamed)";
}

static void audit_section(struct image *im, const char *name, const GElf_Shdr *s)
{
	if (s->sh_size == 0)
		return;
	require(im, !listed(".got,.got.plt,.plt,.data,.bss", name) && s->sh_type != SHT_NOBITS, "section",
		"%s must be absent or empty (found 0x%lx bytes)", name, s->sh_size);
	require(im, s->sh_type != SHT_REL && s->sh_type != SHT_RELA && s->sh_type != SHT_RELR, "relocation",
		"%s must be absent or empty (found 0x%lx bytes)", name, s->sh_size);
	require(im, inside(s->sh_offset, s->sh_size, 0, im->size), "section",
		"%s must be all there, for debuggers (found 0x%lx+0x%lx)", name, s->sh_offset, s->sh_size);
	if (!(s->sh_flags & SHF_ALLOC))
		return;
	require(im, !(s->sh_flags & SHF_WRITE) || s->sh_type == SHT_DYNAMIC, "section",
		"%s must not be writable (found flags 0x%lx)", name, s->sh_flags);
	require(im, s->sh_addr == s->sh_offset && inside(s->sh_offset, s->sh_size, 0, im->mapped), "section",
		"%s must lie in the PT_LOAD as in the file (found 0x%lx+0x%lx at 0x%lx)", name, s->sh_offset,
		s->sh_size, s->sh_addr);
}

void audit_sections(struct image *im)
{
	const Elf64_Ehdr *h = im->header;
	Elf_Scn *scn = NULL;
	size_t names = 0;
	GElf_Shdr s;

	require(im,
		h->e_shnum > 0 && h->e_shentsize == sizeof(Elf64_Shdr) &&
			inside(h->e_shoff, h->e_shnum * sizeof(Elf64_Shdr), 0, im->size),
		"section", "the section headers must lie in the file (found %d of %d bytes at 0x%lx)", h->e_shnum,
		h->e_shentsize, h->e_shoff);
	require(im, elf_getshdrstrndx(im->elf, &names) == 0 && names != SHN_UNDEF && elf_nextscn(im->elf, NULL),
		"section", "the section names must lie in the file (found index %d)", h->e_shstrndx);
	while ((scn = elf_nextscn(im->elf, scn)) && gelf_getshdr(scn, &s)) {
		const char *name = section_string(im, names, s.sh_name);

		audit_section(im, name, &s);
		if (s.sh_type == SHT_SYMTAB)
			im->local_symbols = scn;
		if (strcmp(name, ".eh_frame") == 0)
			im->eh_frame = scn;
		if (s.sh_type == SHT_DYNSYM) {
			im->symbol_count = s.sh_size / sizeof(Elf64_Sym);
			im->symbols = VIEW(im, s.sh_addr, Elf64_Sym, im->symbol_count);
		}
	}
	if (!require(im, im->symbols && im->symbol_count <= MAX_EXPORTS, "section",
		     "the dynamic symbol table must be in the image, %d entries at most (found %zu)", MAX_EXPORTS,
		     im->symbol_count))
		im->symbol_count = 0;
}
