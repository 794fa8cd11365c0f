/* SPDX-License-Identifier: MIT */
/* The notes: which image it is, and what its code promises the processor.
 * Owns: the rules of the build-id and of the machine's GNU property.
 * Relies on: audit_segments() for PT_NOTE and PT_GNU_PROPERTY; libelf for the way from note to note. */
#include <gelf.h>
#include <stdio.h>
#include <string.h>

#include "image.h"

#define MIN_BUILD_ID 8

/* The description of the note of `type` in segment `s`, and its size; null where there is none. */
static const uint8_t *note_of(const struct image *im, const Elf64_Phdr *s, uint32_t type, size_t *size)
{
	const Elf_Type notes = s->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR;
	Elf_Data *data = elf_getdata_rawchunk(im->elf, (int64_t)s->p_offset, s->p_filesz, notes);
	size_t offset = 0, name, desc;
	GElf_Nhdr note;

	while (data && (offset = gelf_getnote(data, offset, &note, &name, &desc)) > 0) {
		const uint8_t *bytes = data->d_buf;

		if (note.n_type != type || note.n_namesz != 4 || memcmp(bytes + name, "GNU", 4) != 0)
			continue;
		*size = note.n_descsz;
		return bytes + desc;
	}
	return NULL;
}

/* The word of property `type`: each property is type, size and value, and these fill multiples of 8 bytes. */
static uint32_t property_of(const uint8_t *desc, size_t size, uint32_t type)
{
	for (size_t offset = 0; size - offset >= 12 && offset < size;) {
		uint32_t head[3];

		memcpy(head, desc + offset, sizeof(head));
		if (head[0] == type && head[1] == 4)
			return head[2];
		if (head[1] > size - offset - 8)
			break;
		offset += 8 + (head[1] + 7ul) / 8 * 8;
	}
	return 0;
}

static void audit_property(struct image *im)
{
	const Elf64_Phdr *s = segment(im, PT_GNU_PROPERTY);
	const uint32_t wanted = im->machine->features;
	const uint8_t *desc;
	uint32_t found = 0;
	size_t size = 0;

	if (!wanted)
		return;
	desc = s ? note_of(im, s, NT_GNU_PROPERTY_TYPE_0, &size) : NULL;
	if (desc)
		found = property_of(desc, size, im->machine->property);
	require(im, (found & wanted) == wanted, "property",
		"PT_GNU_PROPERTY must hold bits 0x%x of property 0x%x (found 0x%x)", wanted, im->machine->property, found);
}

void audit_notes(struct image *im)
{
	for (unsigned int i = 0; i < im->header->e_phnum; i++) {
		const Elf64_Phdr *s = &im->segments[i];
		size_t size = 0;
		const uint8_t *id = s->p_type == PT_NOTE ? note_of(im, s, NT_GNU_BUILD_ID, &size) : NULL;

		for (size_t at = 0; id && at < size && at < sizeof(im->build_id) / 2; at++)
			sprintf(&im->build_id[2 * at], "%02x", id[at]);
	}
	require(im, strlen(im->build_id) >= 2 * MIN_BUILD_ID, "build-id",
		"PT_NOTE must hold a build-id of %d bytes or more (found %zu)", MIN_BUILD_ID, strlen(im->build_id) / 2);
	audit_property(im);
}
