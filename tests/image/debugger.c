/* SPDX-License-Identifier: MIT */
/* A debugger that has only the process's memory finds the image's sections, symbols and unwind tables.
 * Owns: the rules of gdb's and perf's reading: by section headers, names included.
 * Relies on: VDK_IMAGE_SIZE bytes from the ELF header on, as a kernel maps them; no program header, no ELF library.
 * Never: opens the file itself, nor reads a byte beyond what is mapped. */
#include "map.h"

static const unsigned char *image;

static bool is_mapped(uint64_t offset, uint64_t size)
{
	return offset <= VDK_IMAGE_SIZE && size <= VDK_IMAGE_SIZE - offset;
}

static const Elf64_Shdr *sections(unsigned int *count)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;

	*count = header->e_shnum;
	if (header->e_shoff == 0 || !is_mapped(header->e_shoff, header->e_shnum * sizeof(Elf64_Shdr)))
		bail("the section headers at 0x%lx are not mapped", header->e_shoff);
	return (const Elf64_Shdr *)(image + header->e_shoff);
}

/* A string of the string table `table`; empty where it leaves the table or the mapping. */
static const char *string(unsigned int table, uint64_t offset)
{
	unsigned int count;
	const Elf64_Shdr *s = sections(&count) + table;

	if (table >= count || !is_mapped(s->sh_offset, s->sh_size) || offset >= s->sh_size ||
	    !memchr(image + s->sh_offset + offset, '\0', s->sh_size - offset))
		return "";
	return (const char *)image + s->sh_offset + offset;
}

static const Elf64_Shdr *section(const char *name)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
	unsigned int count;
	const Elf64_Shdr *s = sections(&count);

	for (unsigned int i = 0; i < count; i++)
		if (strcmp(string(header->e_shstrndx, s[i].sh_name), name) == 0)
			return &s[i];
	return NULL;
}

static const Elf64_Sym *symbol(const char *table, const char *name)
{
	const Elf64_Shdr *s = section(table);
	const Elf64_Sym *symbols;

	if (!s || !is_mapped(s->sh_offset, s->sh_size))
		return NULL;
	symbols = (const Elf64_Sym *)(image + s->sh_offset);
	for (unsigned int i = 1; i < s->sh_size / sizeof(*symbols); i++)
		if (strcmp(string(s->sh_link, symbols[i].st_name), name) == 0)
			return &symbols[i];
	return NULL;
}

int main(void)
{
	static const char *const wanted[] = { ".shstrtab", ".symtab", ".strtab", ".dynsym", ".dynstr", ".dynamic",
		".eh_frame", ".eh_frame_hdr", ".text", ".note.gnu.build-id" };
#if VDK_IMAGE_MACHINE == EM_AARCH64
	const char *name = "__kernel_clock_gettime";
	const uint64_t offset = VDK_SYM___kernel_clock_gettime;
#else
	const char *name = "__vdso_clock_gettime";
	const uint64_t offset = VDK_SYM___vdso_clock_gettime;
#endif
	const Elf64_Sym *found;
	const Elf64_Shdr *s;
	unsigned int count;

	image = map_image();
	s = sections(&count);
	ok(count > 1, "section_headers_are_mapped");
	for (unsigned int i = 1; i < count; i++)
		if (s[i].sh_type == SHT_NOBITS || !is_mapped(s[i].sh_offset, s[i].sh_size))
			bail("section %u is not mapped", i);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		s = section(wanted[i]);
		ok(s && s->sh_size > 0, "%s_is_found_by_its_name", wanted[i]);
	}
	for (int i = 0; i < 2; i++) {
		const char *table = i ? ".symtab" : ".dynsym";

		found = symbol(table, name);
		ok(found && found->st_value == offset && found->st_size > 0 && ELF64_ST_TYPE(found->st_info) == STT_FUNC,
		   "%s_is_found_in_%s", name, table);
	}
	ok(symbol(".symtab", "vdk_image_page_version") != NULL, "local_symbols_are_found_in_.symtab");
	ok(!symbol(".dynsym", "vdk_image_page_version"), "local_symbols_are_not_in_.dynsym");
	return done();
}
