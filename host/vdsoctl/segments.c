/* SPDX-License-Identifier: MIT */
/* What programs read in memory: one PT_LOAD, the file as it is, and all other segments in it.
 * Owns: the rules of program headers.
 * Relies on: audit_elf_header().
 * Never: lets view() show more than the PT_LOAD, once it is known. */
#include "image.h"

const Elf64_Phdr *segment(const struct image *im, uint32_t type)
{
	for (unsigned int i = 0; i < im->header->e_phnum; i++)
		if (im->segments[i].p_type == type)
			return &im->segments[i];
	return NULL;
}

static void audit_load(struct image *im, const Elf64_Phdr *load)
{
	const Elf64_Ehdr *h = im->header;

	require(im, load->p_flags == (PF_R | PF_X), "load", "the PT_LOAD must be R-X (found %c%c%c)",
		load->p_flags & PF_R ? 'R' : '-', load->p_flags & PF_W ? 'W' : '-', load->p_flags & PF_X ? 'X' : '-');
	require(im, load->p_offset == 0 && load->p_vaddr == 0, "load",
		"the PT_LOAD must begin at offset 0, address 0 (found 0x%lx, 0x%lx)", load->p_offset, load->p_vaddr);
	require(im, load->p_filesz == load->p_memsz, "load", "the PT_LOAD must not grow in memory (found 0x%lx, 0x%lx)",
		load->p_filesz, load->p_memsz);
	require(im, load->p_filesz <= im->size, "load", "the PT_LOAD must be all there (found 0x%lx of 0x%zx bytes)",
		load->p_filesz, im->size);
	require(im, inside(h->e_phoff, h->e_phnum * sizeof(Elf64_Phdr), 0, load->p_filesz), "load",
		"the PT_LOAD must cover the program headers (found them at 0x%lx)", h->e_phoff);
}

bool audit_segments(struct image *im)
{
	static const struct {
		uint32_t type;
		bool wanted;
		const char *name;
	} rules[] = {
		{ PT_DYNAMIC, true, "PT_DYNAMIC" },
		{ PT_NOTE, true, "PT_NOTE" },
		{ PT_GNU_EH_FRAME, true, "PT_GNU_EH_FRAME" },
		{ PT_INTERP, false, "PT_INTERP" },
		{ PT_TLS, false, "PT_TLS" },
	};
	const Elf64_Ehdr *h = im->header;
	const Elf64_Phdr *load, *stack;
	unsigned int loads = 0;

	im->segments = VIEW(im, h->e_phoff, Elf64_Phdr, h->e_phnum);
	if (!require(im, im->segments && h->e_phentsize == sizeof(Elf64_Phdr), "segment",
		     "the program headers must lie in the file (found %d of %d bytes at 0x%lx)", h->e_phnum,
		     h->e_phentsize, h->e_phoff))
		return false;
	for (unsigned int i = 0; i < h->e_phnum; i++)
		loads += im->segments[i].p_type == PT_LOAD;
	require(im, loads == 1, "load", "there must be exactly one PT_LOAD (found %u)", loads);
	load = segment(im, PT_LOAD);
	if (!load)
		return false;
	audit_load(im, load);

	for (unsigned int i = 0; i < h->e_phnum; i++) {
		const Elf64_Phdr *s = &im->segments[i];

		require(im,
			inside(s->p_offset, s->p_filesz, 0, load->p_filesz) && s->p_vaddr == s->p_offset &&
				s->p_memsz == s->p_filesz,
			"segment",
			"segment %u must lie in the PT_LOAD as in the file (found 0x%lx+0x%lx at 0x%lx+0x%lx)", i,
			s->p_offset, s->p_filesz, s->p_vaddr, s->p_memsz);
		require(im, (s->p_type != PT_NOTE && s->p_type != PT_GNU_PROPERTY) || s->p_filesz > 0, "segment",
			"segment %u must hold a note (found type 0x%x, empty)", i, s->p_type);
	}
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const Elf64_Phdr *s = segment(im, rules[i].type);

		require(im, rules[i].wanted ? s && s->p_filesz > 0 : !s, "segment", "%s must %sbe there (found %s)",
			rules[i].name, rules[i].wanted ? "" : "not ",
			s ? s->p_filesz > 0 ? "one" : "an empty one" : "none");
	}
	stack = segment(im, PT_GNU_STACK);
	require(im, !stack || !(stack->p_flags & PF_X), "stack",
		"PT_GNU_STACK must not be executable (found flags 0x%x)", stack ? stack->p_flags : 0);
	im->mapped = load->p_filesz < im->size ? load->p_filesz : im->size;
	return true;
}
