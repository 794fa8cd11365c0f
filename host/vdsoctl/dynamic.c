/* SPDX-License-Identifier: MIT */
/* The dynamic section, where every loader and every libc begins.
 * Owns: the rules of its entries, and the look-up of entries and strings.
 * Relies on: audit_segments() for PT_DYNAMIC, audit_sections() for the symbols.
 * Never: asks libelf. It reads what programs read in memory. */
#include <string.h>

#include "image.h"

static const Elf64_Dyn *dynamic(const struct image *im, Elf64_Sxword tag)
{
	for (size_t i = 0; i < im->dynamic_count; i++)
		if (im->dynamic[i].d_tag == tag)
			return &im->dynamic[i];
	return NULL;
}

uint64_t dynamic_value(const struct image *im, Elf64_Sxword tag)
{
	const Elf64_Dyn *entry = dynamic(im, tag);

	return entry ? entry->d_un.d_val : UINT64_MAX;
}

const char *string(const struct image *im, uint64_t offset)
{
	const uint64_t size = dynamic_value(im, DT_STRSZ);
	const char *strings = VIEW(im, dynamic_value(im, DT_STRTAB), char, size);

	if (!strings || offset >= size || !memchr(strings + offset, '\0', size - offset))
		return "";
	return strings + offset;
}

void audit_dynamic(struct image *im)
{
	const struct {
		Elf64_Sxword tag;
		bool wanted;
		const char *name;
	} rules[] = {
		{ DT_SONAME, true, "DT_SONAME" },       { DT_STRTAB, true, "DT_STRTAB" },
		{ DT_STRSZ, true, "DT_STRSZ" },         { DT_SYMTAB, true, "DT_SYMTAB" },
		{ DT_HASH, true, "DT_HASH" },           { DT_GNU_HASH, !im->machine->stale_hash, "DT_GNU_HASH" },
		{ DT_VERSYM, true, "DT_VERSYM" },       { DT_VERDEF, true, "DT_VERDEF" },
		{ DT_VERDEFNUM, true, "DT_VERDEFNUM" }, { DT_REL, false, "DT_REL" },
		{ DT_RELA, false, "DT_RELA" },          { DT_RELR, false, "DT_RELR" },
		{ DT_JMPREL, false, "DT_JMPREL" },      { DT_TEXTREL, false, "DT_TEXTREL" },
		{ DT_NEEDED, false, "DT_NEEDED" },      { DT_PREINIT_ARRAY, false, "DT_PREINIT_ARRAY" },
		{ DT_INIT, false, "DT_INIT" },          { DT_INIT_ARRAY, false, "DT_INIT_ARRAY" },
		{ DT_FINI, false, "DT_FINI" },          { DT_FINI_ARRAY, false, "DT_FINI_ARRAY" },
	};
	const Elf64_Phdr *s = segment(im, PT_DYNAMIC);
	const size_t entries = s ? s->p_filesz / sizeof(Elf64_Dyn) : 0;
	const Elf64_Dyn *flags;
	const char *soname;

	im->dynamic = s ? VIEW(im, s->p_offset, Elf64_Dyn, entries) : NULL;
	while (im->dynamic && im->dynamic_count < entries && im->dynamic[im->dynamic_count].d_tag != DT_NULL)
		im->dynamic_count++;
	require(im, im->dynamic_count < entries, "dynamic", "the section must end with DT_NULL (found %zu entries)",
		entries);

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		require(im, !dynamic(im, rules[i].tag) == !rules[i].wanted, "dynamic", "%s must %sbe there (found %s)",
			rules[i].name, rules[i].wanted ? "" : "not ", rules[i].wanted ? "none" : "one");
	flags = dynamic(im, DT_FLAGS);
	require(im, !flags || !(flags->d_un.d_val & DF_TEXTREL), "dynamic",
		"DF_TEXTREL must not be there (found 0x%lx)", dynamic_value(im, DT_FLAGS));
	soname = string(im, dynamic_value(im, DT_SONAME));
	require(im, strcmp(soname, SONAME) == 0, "soname", "must be %s (found %s)", SONAME, soname);
	require(im, im->symbol_count == 0 || VIEW(im, dynamic_value(im, DT_SYMTAB), Elf64_Sym, 1) == im->symbols,
		"dynamic", "DT_SYMTAB must be the section of dynamic symbols (found 0x%lx)",
		dynamic_value(im, DT_SYMTAB));
}
